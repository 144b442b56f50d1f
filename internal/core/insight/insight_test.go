package insight

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	many := make([]string, MaxTags+1)
	for i := range many {
		many[i] = strings.Repeat("t", i+1)
	}
	tests := map[string]struct {
		kind, content string
		tags          []string
		confidence    float64
		want          error
	}{
		"good":                 {"discovery", "Found it", []string{"model", "größe"}, 0.8, nil},
		"own type":             {"design_note", "x", nil, 0, nil},
		"longest":              {"discovery", strings.Repeat("x", MaxContent), many[:MaxTags], 1, nil},
		"empty":                {"discovery", " \n", nil, 0, ErrContent},
		"too long":             {"discovery", strings.Repeat("x", MaxContent+1), nil, 0, ErrContent},
		"no UTF-8":             {"discovery", "\xff", nil, 0, ErrContent},
		"no type":              {"", "x", nil, 0, ErrKind},
		"type in capitals":     {"Blocker", "x", nil, 0, ErrKind},
		"type too long":        {strings.Repeat("x", MaxKind+1), "x", nil, 0, ErrKind},
		"too many tags":        {"discovery", "x", many, 0, ErrTags},
		"empty tag":            {"discovery", "x", []string{" "}, 0, ErrTags},
		"tag too long":         {"discovery", "x", []string{strings.Repeat("ü", MaxTag)}, 0, ErrTags},
		"tag on two lines":     {"discovery", "x", []string{"a\nb"}, 0, ErrTags},
		"tag no UTF-8":         {"discovery", "x", []string{"\xff"}, 0, ErrTags},
		"too confident":        {"discovery", "x", nil, 1.01, ErrConfidence},
		"negative":             {"discovery", "x", nil, -0.1, ErrConfidence},
		"confidence no number": {"discovery", "x", nil, math.NaN(), ErrConfidence},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Validate(test.kind, test.content, test.tags, test.confidence)
			if !errors.Is(err, test.want) || (test.want == nil) != (err == nil) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
		})
	}
}

func TestSameTextIsFound(t *testing.T) {
	x := index(Insight{Kind: "discovery", Content: "Found existing User model"})
	for text, want := range map[string]bool{
		"Found existing User model":     true,
		"  FOUND existing user MODEL\n": true,
		"Found  existing User model":    false, // inner blanks count
		"Found existing User models":    false,
	} {
		if id, ok := x.Find("discovery", text); ok != want || ok && id != "i-1" {
			t.Errorf("Find(%q) = %q, %v, want %v", text, id, ok, want)
		}
	}
	if _, ok := x.Find("question", "Found existing User model"); ok {
		t.Error("found as another type")
	}
}

func TestSimilar(t *testing.T) {
	const first = "the login handler returns a token in src/auth/login.go"
	tests := map[string]bool{
		"the login handler returns a token in src/auth/login.go":        true,
		"Login handler returns tokens, in src/auth/login.go!":           true,
		"src/auth/login.go: the handler of the login returns a token":   true,
		"the login handler never returns a token in src/auth/login.go":  false,
		"the login handler doesn't return a token in src/auth/login.go": false,
		"the login handler doesn’t return a token in src/auth/login.go": false,
		"the login handler returns no token in src/auth/login.go":       false,
		"the logout page shows a button":                                false,
		"":                                                              false,
	}
	x := index(Insight{Content: first})
	for text, want := range tests {
		if got := len(x.Similar(text)) > 0; got != want {
			t.Errorf("Similar(%q) is %v, want %v", text, got, want)
		}
	}
	opposite := index(Insight{Content: "all tests of the parser pass on main"})
	if got := opposite.Similar("all tests of the parser fail on main"); len(got) > 0 {
		t.Error("the opposite is said to be similar")
	}
}

func TestAnswers(t *testing.T) {
	found := Insight{Kind: "discovery", Content: "Found existing User model at src/models", Tags: []string{"model", "database"}}
	tests := map[string]struct {
		need Need
		in   Insight
		want bool
	}{
		"the specification's":         {Need{Text: "Need: User model location"}, found, true},
		"by its path alone":           {Need{Text: "user model location"}, Insight{Content: "src/models/user.ts"}, true},
		"in camel case":               {Need{Text: "where is the user model?"}, Insight{Content: "UserModel is in db.go"}, true},
		"one word of three":           {Need{Text: "user session lifetime"}, Insight{Content: "the user table is empty"}, false},
		"one word and a tag":          {Need{Text: "user session lifetime", Tags: []string{"Auth"}}, Insight{Content: "the user table is empty", Tags: []string{"auth"}}, true},
		"a tag alone":                 {Need{Text: "session lifetime", Tags: []string{"auth"}}, Insight{Content: "two tests failed", Tags: []string{"auth"}}, false},
		"a need of tags only":         {Need{Text: "what?", Tags: []string{"auth"}}, Insight{Content: "anything", Tags: []string{"auth"}}, true},
		"a tag is a word":             {Need{Text: "database"}, found, true},
		"its only word":               {Need{Text: "which port?"}, Insight{Content: "it listens on port 8080"}, true},
		"an answer needs less":        {Need{Text: "session lifetime in production"}, Insight{Kind: "answer", Content: "lifetime is 15 minutes"}, true},
		"a question answers nothing":  {Need{Text: "user model location"}, Insight{Kind: "question", Content: "user model location"}, false},
		"nothing in common":           {Need{Text: "user model location"}, Insight{Content: "the build takes long"}, false},
		"only words that say nothing": {Need{Text: "where is it?"}, Insight{Content: "it is where it was"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Answers(test.need, &test.in); got != test.want {
				t.Errorf("answers: %v, want %v", got, test.want)
			}
		})
	}
}

func TestRead(t *testing.T) {
	for in, want := range map[string]string{
		"Found the User's models":  "found model user",
		"src/models/user_v2.ts":    "model src ts user v2",
		"UserModel, HTTPServer":    "httpserver model user",
		"queries class status x 7": "7 class query status",
		"naïve Größe 日本語":          "größe naïve 日本語",
		"it isn't":                 "",
		"''":                       "",
	} {
		if got := strings.Join(read(in).words, " "); got != want {
			t.Errorf("read(%q) = %q, want %q", in, got, want)
		}
	}
	if n := read("don't, never and cannot").negators; n != 3 {
		t.Errorf("%d negators, want 3", n)
	}
}

func TestPaths(t *testing.T) {
	for in, want := range map[string][]string{
		"see src/models/user.ts.":         {"src", "src/models", "src/models/user.ts"},
		"`./a/b`:12 and (a/b/c)":          {"a", "a/b", "a/b/c"},
		"README /etc/passwd http://x.y/z": nil,
		"src/models/ models/":             {"src", "src/models"},
	} {
		if got := mentioned(in); !slices.Equal(got, want) {
			t.Errorf("mentioned(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"src/api/**": "src/api", "src/api": "src/api", "**": "", "*.go": "", "src/a*/b": "src", "./x/y/": "x/y", "src/{a,b}/**": "src",
	} {
		if got := fixedPart(in); got != want {
			t.Errorf("fixedPart(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanTags(t *testing.T) {
	if got := CleanTags([]string{" Auth", "", "auth", "DB "}); !slices.Equal(got, []string{"auth", "db"}) {
		t.Errorf("got %q", got)
	}
}
