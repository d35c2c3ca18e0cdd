-- The globals that Prosody gives its modules. Otherwise only the Lua that all versions under Prosody have.
std = "min"
globals = { "module", "prosody" }
max_line_length = 120
