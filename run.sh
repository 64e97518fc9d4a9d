cd /work/main && go test -overlay /tmp/core/overlay.json ./dialect -run "$1" 2>&1 | cut -c1-400 | grep -v "^ *--- PASS" | head -${2:-150}
