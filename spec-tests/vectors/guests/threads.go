// A program of today's Go with threads that wait for each other: goroutines that are bound to threads
// of their own, a mutex, atomics, channels, a timer, and the collector, which nothing turns off.
//
// Built by: GOTOOLCHAIN=go1.26.0 CGO_ENABLED=0 GOOS=linux GOARCH=mips64 GOMIPS64=softfloat
// go build -trimpath -buildvcs=false -ldflags='-w -buildid= -R 4096' -o threads.go126.mips64 threads.go
//
// Since 1.25 the runtime names its memory by a system call (prctl) that the VM does not have.
//
//go:debug decoratemappings=0
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	workers = 4
	rounds  = 200
)

func main() {
	var (
		sum     atomic.Uint64
		mutex   sync.Mutex
		done    sync.WaitGroup
		counts  = map[int]int{}
		garbage [][]byte
	)
	jobs := make(chan int)
	for worker := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			for job := range jobs {
				sum.Add(uint64(job))
				mutex.Lock()
				counts[worker]++
				garbage = append(garbage[:len(garbage)%16], make([]byte, 4096))
				mutex.Unlock()
			}
		}()
	}
	for job := range workers * rounds {
		jobs <- job
	}
	close(jobs)
	done.Wait()
	<-time.After(time.Millisecond)
	runtime.GC()

	total := 0
	for _, count := range counts {
		total += count
	}
	fmt.Println("sum", sum.Load(), "of", total, "jobs by", runtime.Version())
	if total != workers*rounds || sum.Load() != workers*rounds*(workers*rounds-1)/2 {
		os.Exit(1)
	}
}
