module fpvm/guests

go 1.22.10
