#!/bin/sh
# The compiler $REAL_CC, but what is asked to be an object becomes the compiler's own call graph, as it is
# before anything is inlined, beside an empty object.
compile= object= source= depends= next=
for word; do
	if [ "$next" ]; then object=$word; fi
	next=
	case $word in
	-c) compile=1 ;;
	-o) next=1 ;;
	-Wp,-MMD,*) depends=${word#-Wp,-MMD,} ;;
	*.c) source=$word ;;
	esac
done
case $compile,$object,$source in
1,scripts/*) exec "$REAL_CC" "$@" ;;
1,?*.o,?*.c) ;;
*) exec "$REAL_CC" "$@" ;;
esac
count=$#
while [ "$count" -gt 0 ]; do
	word=$1
	shift
	count=$((count - 1))
	case $word in
	-c | -Wp,-MMD,*) ;;
	-o) shift; count=$((count - 1)) ;;
	*) set -- "$@" "$word" ;;
	esac
done
# Once the graph is told nothing more is wanted: the compiler then has nobody to write to, and ends.
"$REAL_CC" "$@" -w -S -o /dev/null -fdump-ipa-cgraph=/dev/stdout |
	awk '/^(Removing unused|Reclaimed)/ { exit } { print }' >"$object.calls"
grep -q "^Initial Symbol table" "$object.calls" || exit 1
: >"$object"
[ -z "$depends" ] || echo "$object: $source" >"$depends"
