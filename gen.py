import re,sys
src=open('/tmp/core/construct_test.go').read().split('\n')
out=[];i=0
def chunk(i):
    j=i+1
    while not (src[j].startswith('\t\t{name:') or src[j].startswith('\t})')): j+=1
    return j
while i<len(src):
    if src[i].startswith('\t\t{name:'):
        j=chunk(i)
        c=src[i:j]
        if not any(re.search(r'\bopen: "',l) for l in c): out+=c
        i=j
    else:
        if not src[i].startswith('\topen '): out.append(src[i])
        i+=1
open('/work/main/dialect/construct_test.go','w').write('\n'.join(out))
