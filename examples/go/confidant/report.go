package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"math"
	"time"
	"unsafe"
)

// Figures is counts and rates over a range, or over one day of it. A rate is NaN where there is nothing to divide by.
type Figures struct {
	Day                                                                   string // As "2026-11-21"; "" for the whole range.
	Customers, Turns, AnsweredTurns, ResolvedTurns                        uint64
	Sessions, ResolvedSessions, ClosedSessions                            uint64
	FirstContacts, FirstContactResolved                                   uint64
	RatedSessions, UpsetTurns, EscalatedTurns, CostNano, CostedTurns      uint64
	TurnResolutionRate, SessionResolutionRate, FirstContactResolutionRate float64
	RepeatRate, EscalationRate                                            float64
	MeanResolution, MeanFirstResolution, MeanLaterResolution              time.Duration // 0 if not known.
	ClosedSessionRate, MeanSessionCostNano                                float64
	MeanConfidence, MeanRating, MeanPolarity                              float64
}

// Resolver is who settled how many turns about what; Agent and Topic are empty where they are not known.
type Resolver struct {
	Agent, Topic string
	Turns        uint64
}

// AnalyticsReport is everything that can be told of a range of time; JSON has the counts of each day, too.
type AnalyticsReport struct {
	Totals           Figures
	Days             []Figures
	Sentiments       map[string]uint64 // Turns by how they sound, and so on.
	Topics           map[string]uint64
	Escalations      map[string]uint64
	Tiers            map[string]uint64
	Trends           map[string]uint64
	Knowledge        map[string]uint64 // Use of a tenant's articles; empty of one customer.
	Resolvers        []Resolver
	ActiveSessions   uint64
	JSON, Prometheus string
	h                *handle
}

// AnalyticsBetween reports on a tenant's turns of a range; on all, if both times are zero.
func (s *Store) AnalyticsBetween(ctx context.Context, tenant string, from, to time.Time) (*AnalyticsReport, error) {
	var a arena
	defer a.free()
	var out *C.confidant_analytics_report
	err := s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_report(store, a.text(tenant), a.span(from, to), &out, err)
	})
	return report(out, err)
}

// AnalyticsBetween reports on the customer's turns of a range; on all, if both times are zero.
func (m *Memory) AnalyticsBetween(ctx context.Context, from, to time.Time) (*AnalyticsReport, error) {
	var a arena
	defer a.free()
	var out *C.confidant_analytics_report
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_report(memory, a.span(from, to), &out, err)
	})
	return report(out, err)
}

func (a *arena) span(from, to time.Time) *C.confidant_range {
	if from.IsZero() && to.IsZero() {
		return nil
	}
	raw := &many[C.confidant_range](a, 1)[0]
	*raw = C.confidant_range{struct_size: C.sizeof_confidant_range, from_ms: millis(from), to_ms: millis(to)}
	if to.IsZero() {
		raw.to_ms = math.MaxInt64
	}
	return raw
}

func report(from *C.confidant_analytics_report, err error) (*AnalyticsReport, error) {
	if err != nil {
		return nil, err
	}
	counts := func(what C.int32_t) map[string]uint64 {
		all := map[string]uint64{}
		for i := C.size_t(0); ; i++ {
			one := C.confidant_analytics_report_counted(from, what, i)
			if one == nil {
				return all
			}
			all[view(one.name)] = uint64(one.count)
		}
	}
	made := &AnalyticsReport{
		Totals:         readFigures(C.confidant_analytics_report_totals(from)),
		Sentiments:     counts(C.CONFIDANT_COUNTS_SENTIMENT),
		Topics:         counts(C.CONFIDANT_COUNTS_TOPIC),
		Escalations:    counts(C.CONFIDANT_COUNTS_ESCALATION),
		Tiers:          counts(C.CONFIDANT_COUNTS_TIER),
		Trends:         counts(C.CONFIDANT_COUNTS_TREND),
		Knowledge:      counts(C.CONFIDANT_COUNTS_KNOWLEDGE),
		ActiveSessions: uint64(C.confidant_analytics_report_active_sessions(from)),
		JSON:           view(C.confidant_analytics_report_json(from)),
		Prometheus:     view(C.confidant_analytics_report_prometheus(from)),
	}
	for i := C.size_t(0); ; i++ {
		one := C.confidant_analytics_report_resolver(from, i)
		if one == nil {
			break
		}
		made.Resolvers = append(made.Resolvers, Resolver{Agent: view(one.agent), Topic: view(one.topic), Turns: uint64(one.count)})
	}
	for i := C.size_t(0); ; i++ {
		day := C.confidant_analytics_report_day(from, i)
		if day == nil {
			break
		}
		made.Days = append(made.Days, readFigures(day))
	}
	made.h = own(unsafe.Pointer(from), func(ptr unsafe.Pointer) { C.confidant_analytics_report_free((*C.confidant_analytics_report)(ptr)) })
	return made, nil
}

func readFigures(from *C.confidant_figures) Figures {
	rate := func(value C.double, has C.confidant_flag) float64 {
		if has == 0 {
			return math.NaN()
		}
		return float64(value)
	}
	duration := func(milliseconds C.double) time.Duration {
		return time.Duration(float64(milliseconds) * float64(time.Millisecond))
	}
	return Figures{
		Day:                        view(from.day),
		Customers:                  uint64(from.customers),
		Turns:                      uint64(from.turns),
		AnsweredTurns:              uint64(from.answered_turns),
		ResolvedTurns:              uint64(from.resolved_turns),
		Sessions:                   uint64(from.sessions),
		ResolvedSessions:           uint64(from.resolved_sessions),
		ClosedSessions:             uint64(from.closed_sessions),
		FirstContacts:              uint64(from.first_contacts),
		FirstContactResolved:       uint64(from.first_contact_resolved),
		RatedSessions:              uint64(from.rated_sessions),
		UpsetTurns:                 uint64(from.upset_turns),
		EscalatedTurns:             uint64(from.escalated_turns),
		CostNano:                   uint64(from.cost_nano),
		CostedTurns:                uint64(from.costed_turns),
		TurnResolutionRate:         rate(from.turn_resolution_rate, from.has_turn_resolution_rate),
		SessionResolutionRate:      rate(from.session_resolution_rate, from.has_session_resolution_rate),
		FirstContactResolutionRate: rate(from.first_contact_resolution_rate, from.has_first_contact_resolution_rate),
		RepeatRate:                 rate(from.repeat_rate, from.has_repeat_rate),
		EscalationRate:             rate(from.escalation_rate, from.has_escalation_rate),
		MeanResolution:             duration(from.mean_resolution_ms),
		MeanFirstResolution:        duration(from.mean_first_resolution_ms),
		MeanLaterResolution:        duration(from.mean_later_resolution_ms),
		ClosedSessionRate:          rate(from.closed_session_rate, from.has_closed_session_rate),
		MeanSessionCostNano:        rate(from.mean_session_cost_nano, from.has_mean_session_cost_nano),
		MeanConfidence:             rate(from.mean_confidence, from.has_mean_confidence),
		MeanRating:                 rate(from.mean_rating, from.has_mean_rating),
		MeanPolarity:               rate(from.mean_polarity, from.has_mean_polarity),
	}
}

// HealthLimits is where figures begin to worry, rates 0 to 1; nil is the library's own limit.
type HealthLimits struct {
	MinSessionResolutionRate, MinFirstContactResolutionRate *float64
	MaxRepeatRate, MaxEscalationRate                        *float64
	MinMeanRating, MinMeanConfidence                        *float64
	MinCases                                                *uint64
}

// Worry is a figure that is not as it should be.
type Worry struct {
	Figure       string
	Value, Limit float64
	Cases        uint64
}

// Health judges the totals by some limits: what worries, and the figures that have too few cases to be judged.
func (r *AnalyticsReport) Health(limits HealthLimits) (worries []Worry, unknown []string, err error) {
	raw := C.confidant_health_limits{struct_size: C.sizeof_confidant_health_limits}
	set := func(from *float64, to *C.double, has *C.confidant_flag) {
		if from != nil {
			*to, *has = C.double(*from), 1
		}
	}
	set(limits.MinSessionResolutionRate, &raw.min_session_resolution_rate, &raw.has_min_session_resolution_rate)
	set(limits.MinFirstContactResolutionRate, &raw.min_first_contact_resolution_rate, &raw.has_min_first_contact_resolution_rate)
	set(limits.MaxRepeatRate, &raw.max_repeat_rate, &raw.has_max_repeat_rate)
	set(limits.MaxEscalationRate, &raw.max_escalation_rate, &raw.has_max_escalation_rate)
	set(limits.MinMeanRating, &raw.min_mean_rating, &raw.has_min_mean_rating)
	set(limits.MinMeanConfidence, &raw.min_mean_confidence, &raw.has_min_mean_confidence)
	if limits.MinCases != nil {
		raw.min_cases, raw.has_min_cases = C.uint64_t(*limits.MinCases), 1
	}
	var out *C.confidant_health
	err = with(context.Background(), r.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return C.confidant_analytics_report_health((*C.confidant_analytics_report)(ptr), &raw, &out, err)
	})
	if err != nil {
		return nil, nil, err
	}
	defer C.confidant_health_free(out)
	for i := C.size_t(0); ; i++ {
		one := C.confidant_health_breach(out, i)
		if one == nil {
			break
		}
		worries = append(worries, Worry{view(one.figure), float64(one.value), float64(one.limit), uint64(one.cases)})
	}
	for i := C.size_t(0); ; i++ {
		name := C.confidant_health_unknown(out, i)
		if name.ptr == nil {
			return worries, unknown, nil
		}
		unknown = append(unknown, view(name))
	}
}
