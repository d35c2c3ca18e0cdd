-- What Prosody gives its modules; the rest is Lua as every version Prosody runs on has it.
std = "min"
globals = { "module", "prosody" }
max_line_length = 120
