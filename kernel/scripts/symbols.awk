# SPDX-License-Identifier: GPL-2.0
# What would not link: symbols that some object of a configuration uses, and neither
# its objects define, nor the rest of a kernel. Input, in this order, with the variable
# "part" set between them:
#   whole	System.map of a whole kernel
#   common	nm -A of those of its objects that the configuration has, too
#   objects	nm -A of the configuration's
# -v modules="FILE..." names objects that may only use what is exported.

# A module gets this from modpost.
$NF == "__this_module" {
	next
}

part == "whole" {
	outside[$NF]
	next
}

part == "common" {
	if ($(NF - 1) ~ /^[A-TV-Z]$/)
		delete outside[$NF]
	next
}

$(NF - 1) == "U" {
	sub(/:.*/, "", $1)
	users[$NF] = users[$NF] " " $1
	next
}

$(NF - 1) ~ /^[A-TV-Z]$/ || $NF ~ /^__export_symbol_/ {
	defined[$NF]
}

END {
	count = split(modules, module, " ")
	for (symbol in users) {
		if (!(symbol in defined) && !(symbol in outside))
			print "error: " symbol " is defined nowhere, but used in" users[symbol]
		for (i = 1; i <= count; i++)
			if ((users[symbol] " ") ~ (" " module[i] " ") && symbol in defined &&
			    !(("__export_symbol_" symbol) in defined))
				print "error: " symbol " is not exported, but used in " module[i]
	}
}
