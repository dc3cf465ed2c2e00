# Copies the setup file with nothing but the shell's own commands.
test -e "$bootstrapTools"
while IFS= read -r line; do
    printf '%s\n' "$line"
done <"$setup" >"$out"
