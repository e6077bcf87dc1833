// Command ear is a customer who can tell what he hears: he places a real SIP call, says 440 Hz, and prints one JSON
// object a line to stdout: ringing, answered, ended, and ten times a second which share of what he hears lies at a
// given frequency. He hangs up when his standard input closes. The tests of the whole chain call with him.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
)

// event is one line of the output.
type event struct {
	Event   string  `json:"event"`             // ringing, answered, heard, ended
	Share   float64 `json:"share"`             // heard: 0 to 1, of the newest 200 ms
	Packets int     `json:"packets,omitempty"` // heard, ended: packets of sound so far
	Gaps    int     `json:"gaps,omitempty"`    // ended: packets that did not follow their predecessor
	Why     string  `json:"why,omitempty"`     // ended
}

func main() {
	server := flag.String("server", "", "host:port of the SIP switch")
	from := flag.String("from", "", "the caller's number; empty withholds it")
	to := flag.String("to", "", "the number to call")
	name := flag.String("name", "", "the name sent along")
	listen := flag.Float64("listen", 1000, "the frequency listened for, in Hz")
	flag.Parse()
	if err := call(*server, sipphone.Request{Server: *server, To: *to, From: *from, Display: *name, Withheld: *from == ""}, *listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func call(server string, request sipphone.Request, hz float64) error {
	out := json.NewEncoder(os.Stdout)
	phone, err := sipphone.New(sipphone.Options{Tone: 440})
	if err != nil {
		return err
	}
	defer phone.Close()
	told := make(chan struct{})
	go func() {
		defer close(told)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	leg, err := phone.Start(ctx, request)
	if err != nil {
		return fmt.Errorf("calling %s: %w", server, err)
	}
	ringing, answered := leg.Ringing(), leg.Answered()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var heard <-chan time.Time
	for {
		select {
		case <-ringing:
			ringing = nil
			_ = out.Encode(event{Event: "ringing"})
		case <-answered:
			answered, heard = nil, tick.C
			_ = out.Encode(event{Event: "answered"})
		case <-heard:
			packets, _ := leg.Ear.Packets()
			_ = out.Encode(event{Event: "heard", Share: leg.Ear.Share(hz), Packets: packets})
		case <-told:
			told = nil
			if answered != nil {
				cancel() // CANCEL: the customer gives up while it rings
				continue
			}
			bye, done := context.WithTimeout(context.Background(), 5*time.Second)
			_ = leg.Hangup(bye)
			done()
		case <-leg.Done():
			why := ""
			if err := leg.Err(); err != nil {
				why = err.Error()
			}
			packets, gaps := 0, 0
			if heard != nil {
				packets, gaps = leg.Ear.Packets()
			}
			return out.Encode(event{Event: "ended", Packets: packets, Gaps: gaps, Why: why})
		}
	}
}
