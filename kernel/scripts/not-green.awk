# SPDX-License-Identifier: GPL-2.0
# From the test stream of the unpatched kernel make one case for each of the
# programs: it must have run there, and no case of it may have passed.
# Variables: programs (names), first (number of the first case).
/^    ok / && !/# SKIP/ {
	green = green "# passes: " substr($0, 5) "\n"
}
/^(not )?ok / {
	name = $0
	sub(/^(not )?ok [0-9]+ (- )?/, "", name)
	sub(/ *#.*/, "", name)
	ran[name] = 1
	passed[name] = green
	green = ""
}
END {
	n = split(programs, program, " ")
	for (i = 1; i <= n; i++) {
		name = program[i]
		printf "%s %d %s is not green on the unpatched kernel\n",
			ran[name] && passed[name] == "" ? "ok" : "not ok", first + i - 1, name
		printf "%s", ran[name] ? passed[name] : "# it did not run\n"
	}
}
