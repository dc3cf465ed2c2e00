# Structured attributes reach a builder as bash declarations. This builder is
# here to be read by granary; it does not run under /bin/sh.
echo "error: $0: needs bash" >&2
exit 1
