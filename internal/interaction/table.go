package interaction

// source is who sends a signal; it decides what a late one gets.
type source string

const (
	fromChannel source = "channel" // reports: late or repeated ones do nothing
	fromPerson  source = "person"  // commands: late ones get a fault
	fromTimer   source = "timer"   // reports of the desk's own: late ones do nothing
	fromDesk    source = "desk"    // orders of the desk's routing: late ones get a fault
)

var sources = map[SignalKind]source{
	CustomerLeft: fromChannel, AgentAnswered: fromChannel, AgentUnreachable: fromChannel, AgentRefused: fromChannel,
	AgentEnded: fromChannel, AgentLost: fromChannel, ChannelLost: fromChannel, ChannelFailed: fromChannel,
	Accept: fromPerson, Reject: fromPerson, End: fromPerson, EndWrapup: fromPerson, StopWrapup: fromPerson, Write: fromPerson,
	AgentGone: fromTimer, OfferDue: fromTimer, WrapupDue: fromTimer,
	Enqueue: fromDesk, MakeOffer: fromDesk, Refuse: fromDesk,
}

// rule is one cell of the table: what a signal does to an interaction in a state. to (other states; it may also stay),
// events and effects are all that do may lead to; a test holds it to them, and docs/states.md is rendered from them.
type rule struct {
	do      func(*move) error
	to      []State
	events  []EventKind
	effects []EffectKind
	says    string
}

// notEntered are the states that are declared for what comes later (closed hours, outbound, voicemail): no rule leads to
// them yet.
var notEntered = []State{Diverted, Dialing, Left}

// table is the whole of an interaction's behaviour. A signal without a rule in a state is late: see refusal.
var table = map[State]map[SignalKind]rule{
	New: {
		Enqueue:       {enqueue, []State{Queued}, []EventKind{EventQueued}, nil, "takes its place in the queue; the queue's terms are fixed"},
		Refuse:        {refuse, []State{Rejected}, []EventKind{EventEnded}, []EffectKind{Hangup}, "policy, closed hours or no capacity"},
		CustomerLeft:  {leave, []State{Abandoned}, []EventKind{EventEnded}, nil, "left before he was queued"},
		ChannelFailed: {failed(ReasonFailed), []State{Failed}, []EventKind{EventEnded}, []EffectKind{Hangup}, "technical end"},
		ChannelLost:   {failed(ReasonLost), []State{Failed}, []EventKind{EventEnded}, []EffectKind{Hangup}, "GEN-9"},
		AgentAnswered: lateAnswer,
	},
	Queued: {
		MakeOffer:     {makeOffer, []State{Offered}, []EventKind{EventOffered}, []EffectKind{Alert}, "one agent is asked; the offer gets the next number"},
		CustomerLeft:  {leave, []State{Abandoned}, []EventKind{EventEnded}, nil, "left while waiting"},
		ChannelFailed: {failed(ReasonFailed), []State{Failed}, []EventKind{EventEnded}, []EffectKind{Hangup}, "technical end"},
		ChannelLost:   {failed(ReasonLost), []State{Failed}, []EventKind{EventEnded}, []EffectKind{Hangup}, "GEN-9"},
		AgentAnswered: lateAnswer,
	},
	Offered: {
		Accept:           {accept, []State{Accepted}, []EventKind{EventAccepted}, []EffectKind{Connect}, "with the open offer's number; another number is refused (INT-5)"},
		AgentAnswered:    {answer, []State{Accepted}, []EventKind{EventAccepted}, []EffectKind{Connect, Unalert}, "as accept; the answer to an offer that is over is let go again"},
		OfferDue:         {offerDue, []State{Queued}, []EventKind{EventOfferEnd}, []EffectKind{Unalert}, "missed: back at the head, waiting time kept (INT-6)"},
		Reject:           {reject, []State{Queued}, []EventKind{EventOfferEnd}, []EffectKind{Unalert}, "rejected: as missed (INT-7)"},
		AgentRefused:     {endOffer(WhyRejected), []State{Queued}, []EventKind{EventOfferEnd}, []EffectKind{Unalert}, "refused on his device: as rejected"},
		AgentUnreachable: {endOffer(WhyUnreachable), []State{Queued}, []EventKind{EventOfferEnd}, []EffectKind{Unalert}, "the next one is asked at once (INT-9)"},
		AgentGone:        {endOffer(WhyGone), []State{Queued}, []EventKind{EventOfferEnd}, []EffectKind{Unalert}, "the agent asked logged out"},
		CustomerLeft:     {leave, []State{Abandoned}, []EventKind{EventOfferEnd, EventEnded}, []EffectKind{Unalert}, "left while an agent was asked (INT-8)"},
		ChannelFailed:    {failed(ReasonFailed), []State{Failed}, []EventKind{EventOfferEnd, EventEnded}, []EffectKind{Unalert, Hangup}, "technical end"},
		ChannelLost:      {failed(ReasonLost), []State{Failed}, []EventKind{EventOfferEnd, EventEnded}, []EffectKind{Unalert, Hangup}, "GEN-9"},
	},
	Accepted: {
		End:           {end, completes, completedEvents, []EffectKind{Hangup}, "the agent ends the conversation"},
		AgentEnded:    {agentEnded, completes, completedEvents, []EffectKind{Hangup}, "the agent ended it on his device"},
		CustomerLeft:  {customerEnded, completes, completedEvents, []EffectKind{Hangup}, "the customer ended it"},
		ChannelFailed: {channelEnded, completes, completedEvents, []EffectKind{Hangup}, "technical end: reason FAILED"},
		Write:         {write, nil, []EventKind{EventChanged}, nil, "notes, subject, relations, codes (LOG-4, INT-13)"},
		AgentLost:     {agentLost, []State{Queued, Failed}, completedEvents, []EffectKind{Disconnect, Hold, Hangup}, "his handling closes with AGENTLOST; back at the head, or failed without a queue (INT-16)"},
		ChannelLost:   {conversationLost, []State{Failed}, completedEvents, []EffectKind{Hangup}, "his handling closes with LOST and is logged (GEN-9)"},
		AgentAnswered: lateAnswer,
	},
	Wrapup: {
		End:           {alreadyEnded, nil, nil, nil, "it has ended: nothing to do"},
		EndWrapup:     {endWrapup, []State{Closed}, []EventKind{EventClosed}, nil, "refused while a required code is missing (INT-12)"},
		WrapupDue:     {wrapupDue, []State{Closed}, []EventKind{EventClosed, EventChanged}, nil, "closes; held while a required code is missing (INT-12)"},
		StopWrapup:    {stopWrapup, nil, []EventKind{EventChanged}, nil, "Work Offline: no countdown from here (INT-11)"},
		Write:         {writeWrapup, []State{Closed}, []EventKind{EventChanged, EventClosed}, nil, "as in conversation; the code that was waited for closes it"},
		AgentGone:     {agentGone, []State{Closed}, []EventKind{EventClosed}, nil, "closes, marked codes missing where they are (INT-12)"},
		AgentAnswered: lateAnswer,
	},
	Closed:    {AgentAnswered: lateAnswer},
	Abandoned: {AgentAnswered: lateAnswer},
	Rejected:  {AgentAnswered: lateAnswer},
	Failed:    {AgentAnswered: lateAnswer},
}

var (
	completes       = []State{Wrapup, Closed}
	completedEvents = []EventKind{EventCompleted, EventClosed}
	// lateAnswer lets an agent's device go that answered an offer which was over: the two crossed.
	lateAnswer = rule{letGo, nil, nil, []EffectKind{Unalert}, "the answer to an offer that is over is let go again"}
)

// FromChannel reports whether a channel may send the signal.
func (k SignalKind) FromChannel() bool { return sources[k] == fromChannel }

// FromPerson reports whether the signal is an agent's command.
func (k SignalKind) FromPerson() bool { return sources[k] == fromPerson }
