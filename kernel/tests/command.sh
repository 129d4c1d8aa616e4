#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The devthp command in a guest that has all that it speaks of: what it says of a device that
# works, and of a process with huge pages on it, as text and as JSON.
. "$(dirname "$0")/common/tap.sh"
. "$top/kernel/tests/common/stub.sh"
export V=
kernel=patched
limit=240

overlay <<'END'
#!/bin/sh
echo "TAP version 13"
echo "1..1"

# say JSON COMMAND [WORD...]: what devthp says, between two lines that tell it from the rest
say()
{
	json=$1
	command=$2
	shift 2
	echo "# == $command${json:+ $json}"
	devthp "$command" $json "$@" >/tmp/said 2>&1
	status=$?
	sed 's/^/# /' /tmp/said
	echo "# == status $status"
}

# A process that holds huge pages of the device, stopped there; one may be too fast.
stop_on_the_device()
{
	while devthp cycle --folios 64 >/dev/null & pid=$!; do
		while kill -STOP $pid 2>/dev/null; do
			until grep -q '^State:.[TZ]' /proc/$pid/status; do
				usleep 1000
			done
			! devthp map $pid | grep -q 'device *huge' || return 0
			kill -CONT $pid
			usleep 5000
		done
		wait $pid
	done
}

for json in "" --json; do
	say "$json" probe
	say "$json" cycle
done
stop_on_the_device
for json in "" --json; do
	say "$json" map $pid
	say "$json" check $pid
done
kill -KILL $pid
wait $pid
echo "ok 1 all is said"
END

# said WORD...: what it said to that
said()
{
	sed -n 's/^    # \{0,1\}//p' "$dir/guest1/tests.log" |
		awk -v begin="== $*" '/^== status/ { on = 0 } on; $0 == begin { on = 1 }'
}

# fact PYTHON COMMAND: what is in the document d of that command
fact()
{
	said "$2" --json >"$dir/document"
	python3 -c 'import json, sys; d = json.load(sys.stdin); print(*eval("(" + sys.argv[1] + ")"))' \
		"$1" <"$dir/document"
}

plan 9
expect 0 "7 passed, 0 failed, 0 skipped" "a guest where it is asked" guest
expect 0 "This kernel has device-private huge pages." "probe" said probe
expect 0 "True None 0" "probe as JSON" fact 'd["device_huge_pages"], d["error"], d["status"]' probe
expect 0 "All 6 steps verified." "cycle" said cycle
expect 0 "device 1 6 0" "cycle as JSON" \
	fact 'd["steps"][1]["groups"][0]["where"], d["steps"][1]["groups"][0]["entries"],
		sum(s["verified"] for s in d["steps"]), d["status"]' cycle
expect 0 "device    huge    PMD     9" "map" said map
expect 0 "{('device', 'huge', 'PMD', 9)} 0" "map as JSON" \
	fact '{(r["where"], r["kind"], r["level"], r["order"]) for m in d["ranges"]
		for r in m["runs"] if r["where"] == "device"}, d["status"]' map
expect 0 " 0 violations" "check" said check
expect 0 "20 0 0" "check as JSON" \
	fact 'len(d["rules"]), sum(r["broken"] for r in d["rules"]), d["status"]' check
$all_passed
