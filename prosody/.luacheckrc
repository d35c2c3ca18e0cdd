-- The globals that Prosody provides to its modules. All other code must be valid in every Lua version that Prosody uses.
std = "min"
globals = { "module", "prosody" }
max_line_length = 120
