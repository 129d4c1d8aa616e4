# SPDX-License-Identifier: GPL-2.0
# Show how far the test stream on stdin has come: on a terminal (tty=1) a line
# that counts, else one line for each program that has ended.
function clear()
{
	if (tty)
		printf "\r\033[K"
}

/^1\.\./ {
	programs = substr($0, 4)
}
/^    1\.\./ {
	cases = substr($0, 8) + 0
}
/^    (not )?ok / {
	done++
	skipped += /# SKIP/
	failed += /^    not ok /
	if (tty) {
		printf "\r\033[K  %-9s%d of %d cases, suite %d of %d", "TEST", done, cases, suites + 1, programs
		fflush()
	}
}
/^(not )?ok / {
	suites++
	clear()
	name = $0
	sub(/^(not )?ok [0-9]+ (- )?/, "", name)
	if (done)
		name = sprintf("%s: %d passed, %d failed, %d skipped", name, done - failed - skipped, failed, skipped)
	printf "  %-9s%s%s\n", "TEST", name, /^not/ ? " (failed)" : ""
	fflush()
	done = cases = skipped = failed = 0
}
END {
	clear()
}
