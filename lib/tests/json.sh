#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# json.sh DEVTHP: is what the commands say with --json one valid document, of the same
# facts and exit status as the text, also on errors and for a process with odd names?
set -u
devthp=$1
tmp=$(mktemp -d)
status=0
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$tmp"' EXIT

wrong()
{
	echo "$*" >&2
	status=1
}

# Run it both ways, into text, text.err, json, json.err.
both()		# COMMAND ARGUMENT...
{
	command=$1
	shift
	"$devthp" "$command" "$@" >"$tmp/text" 2>"$tmp/text.err"
	text_status=$?
	"$devthp" "$command" --json "$@" >"$tmp/json" 2>"$tmp/json.err"
	json_status=$?
	[ $text_status = $json_status ] ||
		wrong "$command $*: status $text_status as text, $json_status as JSON"
	diff "$tmp/text.err" "$tmp/json.err" >&2 || wrong "$command $*: other errors as JSON"
	[ $json_status != 2 ] || { wrong "$command $*: refused"; return; }
	python3 -m json.tool "$tmp/json" >"$tmp/pretty" || { wrong "$command $*: no JSON"; return; }
	has "\"command\": \"$command\""
	has "\"status\": $json_status"
	has '"format": 1'
	if [ -s "$tmp/json.err" ]; then
		has "\"error\": \"$(sed -n '$s/^devthp: //p' "$tmp/json.err" | sed 's/["\\]/\\&/g')\""
	else
		has '"error": null'
	fi
}

has()		# TEXT
{
	grep -qF -e "$1" "$tmp/json" || wrong "$command: no $1"
}

# Facts that the text tells, in both: the word of each line that the pattern finds
same()		# KEY SED-SCRIPT
{
	sed -n "$2" "$tmp/text" | sort >"$tmp/in-text"
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$tmp/json" | sort >"$tmp/in-json"
	[ -s "$tmp/in-text" ] || wrong "$command: nothing in the text for $1"
	diff "$tmp/in-text" "$tmp/in-json" >&2 || wrong "$command: text (<) and JSON (>) differ in $1"
}

# Whatever this machine has: all there is to tell, or an error.
both probe
same kernel 's/^kernel *Linux \([^ ]*\) .*/\1/p'
both cycle
both bench

# A process that does not change, with a name that must be escaped, and that is no UTF-8.
odd="$tmp/a \"b\\c $(printf '\303\251 \377')
d"
cp "$(command -v cat)" "$odd" && mkfifo "$tmp/fifo" || exit 1
"$odd" <"$tmp/fifo" >"$tmp/echo" &
pid=$!
exec 3>"$tmp/fifo"	# keeps it reading
echo ready >&3
tries=0
until [ -s "$tmp/echo" ]; do
	tries=$((tries + 1))
	[ $tries -lt 1000 ] || { wrong "the process does not read"; exit $status; }
	sleep 0.01
done

both map "$pid"
if [ $json_status = 0 ]; then
	# The kernel tells of a newline as \012.
	has "/a \\\"b\\\\c $(printf '\303\251') \\ufffd\\\\012d\""
	has '"name": "[stack]"'
	has '"name": ""'
	same where 's,^[0-9a-f]*-[0-9a-f]* \(.\{9\}\) .*,\1,; t trim; d; :trim; s, *$,,p'
	same picture 's/^  |\(.*\)|.*/\1/p'
fi
range=$(sed -n 's/ .*\[stack\]$//p' "/proc/$pid/maps")
both map "$pid" "$range"
[ $json_status != 0 ] || same picture 's/^  |\(.*\)|.*/\1/p'
both check "$pid"
if [ $json_status -le 1 ]; then
	same violations 's/.* checks, \([0-9]*\) violations$/\1/p'
	same applied 's/^ *[0-9]* [-a-z]* *\([0-9]*\) *[0-9]*$/\1/p'
fi

# Nobody's memory, and memory that is nowhere
both map 4194305
both check 4194305
both map "$pid" 1000-3000
has '"picture": ".."'

# What is wrong in the arguments is told before a document begins.
for words in 'probe --device /dev/null' 'probe more' 'cycle --device /dev/null' 'cycle --unmap x' \
	'cycle --touch x' 'cycle --folios 0' 'bench --device /dev/null' 'bench --instruction 0' \
	'map' 'map x' 'map 1 2-1' 'check' 'check 1 0-0' 'check 1 0-1001' 'map --jso=1 1'; do
	command=${words%% *}
	# shellcheck disable=SC2086
	"$devthp" "$command" --json ${words#"$command"} >"$tmp/json" 2>"$tmp/json.err"
	[ $? = 2 ] && [ ! -s "$tmp/json" ] && grep -q '^devthp: ' "$tmp/json.err" ||
		wrong "$words: not refused as it should be"
done

# A document that could not be written is an error.
if [ -e /dev/full ]; then
	"$devthp" map --json $$ >/dev/full 2>"$tmp/json.err"
	[ $? = 3 ] && grep -q '^devthp: ' "$tmp/json.err" || wrong "a full disk went unnoticed"
fi
exit $status
