# SPDX-License-Identifier: GPL-2.0
# For what writes XML or HTML. The text is plain, see plain() in ktap.sh.
function escaped(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

# A case's suite, which the table has nothing for at the top.
function suite_of(suite)
{
	return suite == "" ? "devthp" : suite
}
