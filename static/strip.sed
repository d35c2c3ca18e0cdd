# What `make install` leaves out of the scripts and style sheets: comments, types, empty lines and indentation.
s|/\*\* @[^*]* \*/[[:space:]]*||g
/^[[:space:]]*\/\*.*\*\/[[:space:]]*$/d
/^[[:space:]]*\/\*/,/\*\//d
/^[[:space:]]*\/\/ /d
/^[[:space:]]*\/\/$/d
s|\([;,{}(>]\)[[:space:]]*// .*$|\1|
/^[[:space:]]*$/d
s/^[[:space:]]*//
