#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# timeline.sh [-i] [-o FILE.svg] [TRACE...]: what the sys_hotplug tracepoints say, drawn:
# the handlers of a request in their order as lanes, the phases as columns, how long
# each took, where it failed and what was rolled back. On the terminal, and with -o as
# a picture. TRACE is what tracefs has in its file trace. With -i, lines that are not
# such events are passed on first.
set -euo pipefail

svg='' pass=0
while getopts io: option; do
	case $option in
	i) pass=1 ;;
	o) svg=$OPTARG ;;
	*) sed -n 's/^# \(timeline.sh .*\): .*/usage: \1/p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

# A request at a time: the events are those of one worker, or of one writer each
awk -v svg="$svg" -v pass="$pass" '
function time(us) {
	if (us < 1000)
		return sprintf("%d us", us)
	return us < 1000000 ? sprintf("%.1f ms", us / 1000) : sprintf("%.2f s", us / 1000000)
}

# From 1 for what takes up to 10 us, one more for each factor of ten
function size(us,	n) {
	for (n = 1; us > 10 && n < 8; us /= 10)
		n++
	return n
}

function text(x, y, class, what) {
	gsub(/&/, "\\&amp;", what)
	gsub(/</, "\\&lt;", what)
	body = body sprintf("<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, y, class, what)
}

function box(x, y, w, h, class) {
	body = body sprintf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"%s\"/>\n",
		x, y, w, h, class)
}

function add_lane(id, name) {
	if (!((id, name) in lane)) {
		lane[id, name] = ++nlanes[id]
		lanes[id, nlanes[id]] = name
	}
}

# The lanes are in the order of execution, and then come those that were only asked
function draw(id,	i, j, key, line, cell, verdict, bar) {
	for (i = 1; i <= nasked[id]; i++)
		add_lane(id, asked[id, i])

	verdict = result[id] == 0 ? "done" : sprintf("%s (%d) in %s, handler %s, device %s",
		reason[id], result[id], failed_phase[id],
		failed_handler[id] ? failed_handler[id] : "none",
		device[id] ? device[id] : "none")
	if (not_restored[id] > 0)
		verdict = verdict ", not restored: " not_restored[id]

	line = sprintf("request %s: %s %s, %s, %s", id, op[id], origin[id], time(total[id]), verdict)
	printf "\n%s\n%-12s", line, ""
	text(10, top + 20, result[id] == 0 ? "title" : "title bad", line)
	for (j = 1; j <= nphases[id]; j++) {
		printf "%-24s", phases[id, j]
		text(X0 + (j - 1) * COLUMN + 4, top + 40, "head", phases[id, j])
	}
	print ""

	for (i = 1; i <= nlanes[id]; i++) {
		printf "%-12s", lanes[id, i]
		text(10, top + 62 + (i - 1) * LANE, "lane", lanes[id, i])
		for (j = 1; j <= nphases[id]; j++) {
			key = id SUBSEP phases[id, j] SUBSEP lanes[id, i]
			if (!(key in took)) {
				printf "%-24s", "."
				continue
			}
			bar = "########"
			cell = substr(bar, 1, size(took[key])) " " time(took[key]) \
				(error[key] != 0 ? " failed" : "") \
				(ndevices[key] ? " (" ndevices[key] ")" : "")
			printf "%-24s", cell
			box(X0 + (j - 1) * COLUMN, top + 48 + (i - 1) * LANE, size(took[key]) * 12, 18,
				error[key] != 0 ? "failed" : phases[id, j])
			text(X0 + (j - 1) * COLUMN + size(took[key]) * 12 + 4, top + 62 + (i - 1) * LANE, "time",
				time(took[key]) (error[key] != 0 ? " failed: " device[id] : ""))
		}
		print ""
	}
	top += 60 + nlanes[id] * LANE
	if (X0 + nphases[id] * COLUMN > width)
		width = X0 + nphases[id] * COLUMN
}

BEGIN {
	X0 = 100
	COLUMN = 210
	LANE = 24
	width = 900
}

!match($0, /[0-9]+\.[0-9]+: shp_[a-z_]+: /) {
	if (pass) {
		print
		fflush()
	}
	next
}

{
	now = $0
	sub(/: shp_.*/, "", now)
	sub(/.* /, "", now)
	split(now, part, ".")
	now = part[1] * 1000000 + part[2]
	event = $0
	sub(/.*: shp_/, "", event)
	sub(/: .*/, "", event)
	rest = $0
	sub(/.*: shp_[a-z_]+: /, "", rest)
	delete field
	n = split(rest, words, " ")
	for (i = 1; i <= n; i++) {
		at = index(words[i], "=")
		field[substr(words[i], 1, at - 1)] = substr(words[i], at + 1)
	}
	id = field["id"]
	phase = id SUBSEP field["phase"]
	call = phase SUBSEP field["handler"]
}

event == "request_enter" {
	op[id] = field["op"]
	origin[id] = field["origin"]
	begun[id] = now
}

event == "phase_enter" {
	phases[id, ++nphases[id]] = field["phase"]
}

event == "handler_enter" {
	since[call] = now
	if (field["phase"] == "validate")
		asked[id, ++nasked[id]] = field["handler"]
	else
		add_lane(id, field["handler"])
}

event == "device_enter" {
	ndevices[call]++
}

event == "handler_exit" {
	took[call] = now - since[call]
	error[call] = field["error"]
}

event == "request_exit" && id in begun {
	total[id] = now - begun[id]
	result[id] = field["error"]
	failed_phase[id] = field["phase"]
	failed_handler[id] = field["handler"]
	device[id] = field["device"]
	reason[id] = field["reason"]
	not_restored[id] = field["not_restored"]
	order[++nrequests] = id
}

END {
	for (r = 1; r <= nrequests; r++)
		draw(order[r])
	if (!nrequests) {
		print "timeline: no request in the trace" > "/dev/stderr"
		exit 1
	}
	print "\n# from 1 for up to 10 us, one more for each factor of ten; (n) devices"
	if (svg == "")
		exit
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		width, top + 30 > svg
	print "<style>rect.bg { fill: #fff } .title { font-size: 14px; font-weight: bold }" \
		" .bad { fill: #b00020 } .head { fill: #666 } .lane { font-weight: bold }" \
		" rect.validate { fill: #9ecae1 } rect.execute { fill: #3182bd }" \
		" rect.commit { fill: #31a354 } rect.rollback { fill: #fd8d3c }" \
		" rect.failed { fill: #de2d26 }</style>" > svg
	printf "<rect class=\"bg\" width=\"100%%\" height=\"100%%\"/>\n%s", body > svg
	printf "<text x=\"10\" y=\"%d\" class=\"head\">%s</text>\n</svg>\n", top + 20,
		"Bars: one step for up to 10 us, one more for each factor of ten." > svg
}' "$@"
