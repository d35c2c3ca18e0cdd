# What `make install` leaves out of the scripts: comments that have a line to themselves, and types before the code.
s|^\([[:space:]]*\)/\*\* @[^*]* \*/[[:space:]]*\(.*[^[:space:]]\)$|\1\2|
/^[[:space:]]*\/\*\*.*\*\/[[:space:]]*$/d
/^[[:space:]]*\/\*\*/,/\*\//d
/^[[:space:]]*\/\/ /d
/^[[:space:]]*\/\/$/d
