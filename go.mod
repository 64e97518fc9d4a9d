module github.com/parlance-api/parlance

go 1.26
