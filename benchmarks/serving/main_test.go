package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Every caller asks again and again; what is no answer is an error.
func TestLoad(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Points [][]float64 }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Points) != 3 || len(q.Points[0]) != 2 || r.URL.Path != "/v1/energy" {
			http.Error(w, "no", http.StatusBadRequest)
		}
		asked.Add(1)
	}))
	defer server.Close()
	latencies, err := load{4, 3}.put(server.URL, 20*time.Millisecond)
	if err != nil || int64(len(latencies)) != asked.Load() || len(latencies) < 4 {
		t.Errorf("%d latencies of %d requests, %v", len(latencies), asked.Load(), err)
	}
	if _, err := (load{1, 2}).put(server.URL, time.Minute); err == nil || !strings.Contains(err.Error(), "400 Bad Request: no") {
		t.Errorf("%v", err)
	}
}

func TestTables(t *testing.T) {
	s := summarise([]time.Duration{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond}, 2)
	if s != (summary{2, 3, 4}) {
		t.Errorf("%+v", s)
	}
	l := load{8, 1}
	text := tables([]result{
		{l, "one", []summary{{100, 1, 2}, {200, 1, 2}, {400, 3, 9}}},
		{l, "other", []summary{{50, 2, 4}, {50, 2, 4}, {300, 2, 4}}},
		{load{1, 7}, "one", []summary{{10, 1, 1}}},
	}, "Python 3", "0.25")
	for _, want := range []string{"load average 0.25 before", "3 rounds; ", "\n8 callers, 1 point each:\n", "\n| one | 200 | 1.00 | 2.00 | 1.00 |\n", "\n| other | 50 | 2.00 | 4.00 | 0.50 |\n", "\n1 caller, 7 points each:\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}
