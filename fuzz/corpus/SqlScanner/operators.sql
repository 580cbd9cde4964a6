SELECT a<-1, a <-- comment
 1, @-5, a!=-1, a::text, (a).b, a[1:2], 1..2, 1_000, 0x1F, 1e-5