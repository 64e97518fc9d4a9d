# format master, generate, show what of the open cases passes by now
gofmt -w /tmp/core/construct_test.go && python3 /tmp/core/gen.py && cd /work/main && gofmt -l dialect
