package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/fault"
)

type customerCmd struct {
	Call customerCallCmd `cmd:"" help:"Call a channel's number, say a tone, listen, hang up. Exits 0 when the call was answered."`
}

type customerCallCmd struct {
	From   string        `help:"The caller's number, e.g. +14155550123; empty withholds it." default:""`
	To     string        `help:"The number to call." required:""`
	Server string        `help:"The switch, host:port." default:"127.0.0.1:5060"`
	Name   string        `help:"The name that the caller's side sends."`
	Talk   time.Duration `help:"How long to stay on the line after the answer." default:"5s"`
	Wait   time.Duration `help:"How long to let it ring." default:"60s"`
	TCP    bool          `name:"tcp" help:"Use TCP instead of UDP."`
	Tone   float64       `help:"Frequency of the tone said, in Hz." default:"440"`
}

func (c *customerCallCmd) Run(ctx context.Context) error {
	transport := "udp"
	if c.TCP {
		transport = "tcp"
	}
	phone, err := sipphone.New(sipphone.Options{Tone: c.Tone, Transport: transport})
	if err != nil {
		return err
	}
	defer phone.Close()
	ring, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	fmt.Fprintf(os.Stderr, "calling %s as %s…\n", c.To, orWithheld(c.From))
	call, err := phone.Start(ring, sipphone.Request{Server: c.Server, To: c.To, From: c.From, Display: c.Name, Withheld: c.From == ""})
	if err != nil {
		return err
	}
	select {
	case <-call.Answered():
	case <-call.Done():
		return c.unanswered(ctx, ring, call)
	}
	fmt.Fprintln(os.Stderr, "answered")
	select {
	case <-time.After(c.Talk):
		bye, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		_ = call.Hangup(bye)
	case <-call.Done():
		fmt.Fprintln(os.Stderr, "the other side hung up")
	case <-ctx.Done():
		bye, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		_ = call.Hangup(bye)
	}
	heard, gaps := call.Ear.Packets()
	fmt.Fprintf(os.Stderr, "heard %.1f s of sound, %d gaps\n", float64(heard)/50, gaps)
	return nil
}

// unanswered says why a call ended before anybody answered it.
func (c *customerCallCmd) unanswered(ctx, ring context.Context, call *sipphone.Call) error {
	var refused *sipphone.Refused
	err := call.Err()
	rang := false
	select {
	case <-call.Ringing():
		rang = true
	default:
	}
	switch {
	case ctx.Err() != nil: // Ctrl+C
		return ctx.Err()
	case ring.Err() != nil && (rang || errors.As(err, &refused)): // cancelled; the other side has agreed
		return fault.Newf(fault.Unavailable, "NO_ANSWER", "It rang, but nobody answered within %s.", c.Wait)
	case errors.As(err, &refused):
		return fault.Newf(fault.Unavailable, "REFUSED", "The call was refused: %d %s.", refused.Code, refused.Reason)
	case ring.Err() != nil, fault.Is(err, "NO_ANSWER"):
		return fault.Newf(fault.Unavailable, "NO_SERVER", "Nothing was heard from %s. Is the server running there? Name another address with --server.", c.Server)
	case err != nil:
		return err
	}
	return fault.New(fault.Unavailable, "ENDED", "The call ended before anybody answered.")
}

func orWithheld(number string) string {
	if number == "" {
		return "a withheld number"
	}
	return number
}
