package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// load is what a server is asked for at a time.
type load struct {
	Callers int `json:"callers"`
	Points  int `json:"points"` // of a request
}

// String says it in words.
func (l load) String() string {
	text := fmt.Sprintf("%d callers", l.Callers)
	if l.Callers == 1 {
		text = "1 caller"
	}
	if l.Points == 1 {
		return text + ", 1 point each"
	}
	return fmt.Sprintf("%s, %d points each", text, l.Points)
}

// body is a request for the energies of random points.
func (l load) body(r *rand.Rand) []byte {
	var q struct {
		Points [][2]float32 `json:"points"`
	}
	for range l.Points {
		q.Points = append(q.Points, [2]float32{float32(3 * r.NormFloat64()), float32(3 * r.NormFloat64())})
	}
	text, _ := json.Marshal(q) // finite numbers
	return text
}

// put puts the load on a server for a time, and returns how long each request took.
func (l load) put(url string, duration time.Duration) (latencies []time.Duration, err error) {
	transport := &http.Transport{MaxIdleConnsPerHost: l.Callers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	var group sync.WaitGroup
	var mutex sync.Mutex
	end := time.Now().Add(duration)
	for caller := range l.Callers {
		group.Go(func() {
			body := l.body(rand.New(rand.NewPCG(1, uint64(caller))))
			var own []time.Duration
			var problem error
			for problem == nil {
				begun := time.Now()
				if begun.After(end) {
					break
				}
				problem = ask(client, url, body, nil)
				own = append(own, time.Since(begun))
			}
			mutex.Lock()
			defer mutex.Unlock()
			if latencies = append(latencies, own...); problem != nil {
				err = problem
			}
		})
	}
	group.Wait()
	return latencies, err
}

// ask asks for energies. The answer, unless it is nil, gets them.
func ask(client *http.Client, url string, body []byte, answer any) error {
	response, err := client.Post(url+"/v1/energy", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	return err
}

// summary is what came of a load in a round.
type summary struct {
	Rate float64 `json:"requests_per_second"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
}

func summarise(latencies []time.Duration, seconds float64) summary {
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return latencies[min(len(latencies)-1, int(share*float64(len(latencies))))].Seconds() * 1000
	}
	return summary{Rate: float64(len(latencies)) / seconds, P50: at(0.5), P99: at(0.99)}
}
