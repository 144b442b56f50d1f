package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// results is what the benchmarks of this process found.
var results table

// row is one figure against its budget.
type row struct {
	item   string
	figure float64
	unit   string
	budget float64 // at most; NaN: none, the row is there for comparison
	note   string  // what it is made of
}

// table collects rows.
type table struct {
	mu   sync.Mutex
	rows []row
}

func (t *table) add(b *testing.B, r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
	b.ReportMetric(0, "ns/op") // the whole item is no figure
}

// none is the budget of a row that has none.
var none = math.NaN()

func (r row) verdict() string {
	switch {
	case math.IsNaN(r.budget):
		return ""
	case r.figure <= r.budget:
		return "ok"
	}
	return "OVER"
}

func (t *table) print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nitem\tfigure\tbudget\t\tnote")
	for _, r := range t.rows {
		budget := ""
		if !math.IsNaN(r.budget) {
			budget = "≤ " + number(r.budget, r.unit)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.item, number(r.figure, r.unit), budget, r.verdict(), r.note)
	}
	w.Flush()
}

func number(v float64, unit string) string {
	text := fmt.Sprintf("%.0f", v)
	if a := math.Abs(v); v != math.Trunc(v) && a < 10 {
		text = fmt.Sprintf("%.3f", v)
	} else if v != math.Trunc(v) && a < 1000 {
		text = fmt.Sprintf("%.1f", v)
	}
	if unit != "" {
		text += " " + unit
	}
	return text
}

func median[T cmp.Ordered](list []T) T {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// TestTable: a figure over its budget must not read as ok.
func TestTable(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{figure: 1.03, budget: 1.03}, "ok"},
		{row{figure: 1.031, budget: 1.03}, "OVER"},
		{row{figure: 5, budget: none}, ""},
		{row{figure: math.NaN(), budget: 1}, "OVER"},
	} {
		if got := c.row.verdict(); got != c.want {
			t.Errorf("%+v is %q, want %q", c.row, got, c.want)
		}
	}
	if got := median([]int{9, 1, 5}); got != 5 {
		t.Errorf("median %d, want 5", got)
	}
}
