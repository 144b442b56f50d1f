package smell

import (
	"strings"
	"testing"
)

// What an agent might make of a whole file of tests, in each language.
func TestRewritten(t *testing.T) {
	type how struct {
		old, new string // replaced in the text; old "" puts new before it
		want     string
	}
	for path, c := range map[string]struct {
		text string
		hows []how
	}{
		"auth_test.go": {"package auth\n\nimport \"testing\"\n\nfunc TestLogin(t *testing.T) {\n\tgot := Login(\"a\")\n\tif got != want {\n\t\tt.Errorf(\"got %v\", got)\n\t}\n}\n\nfunc TestLogout(t *testing.T) {\n\trequire.NoError(t, Logout())\n}\n", []how{
			{"func TestLogin(", "func testLogin(", "test_deleted"},
			{"func TestLogin(", "func DisabledTestLogin(", "test_deleted"},
			{"\tgot := Login", "\tt.Skip(\"later\")\n\tgot := Login", "test_skipped"},
			{"\tgot := Login", "\tif testing.Short() || true {\n\t\tt.Skip()\n\t}\n\tgot := Login", "test_skipped"},
			{"\tgot := Login", "\treturn\n\tgot := Login", "test_emptied"},
			{"t.Errorf(\"got %v\", got)", "t.Logf(\"got %v\", got)", "assertion_removed"},
			{"if got != want {", "if false {", "assertion_weakened"},
			{"require.NoError(t, Logout())", "_ = Logout()", "assertion_removed"},
			{"", "//go:build ignore\n\n", "test_skipped"},
			{"\tgot := Login(\"a\")\n", "\tgot := Login(\"b\")\n", ""},
			{"func TestLogin(", "// It logs in.\nfunc TestLogin(", ""},
			{"func TestLogin(t *testing.T) {", "func TestLogin(t *testing.T) {\n\tt.Parallel()", ""},
			{"TestLogin", "TestLogsIn", ""},
		}},
		"tests/test_auth.py": {"import pytest\n\n\nclass TestAuth:\n    def test_login(self):\n        assert login('a') == 1\n\n    def test_logout(self):\n        with pytest.raises(ValueError):\n            logout(None)\n", []how{
			{"class TestAuth", "@pytest.mark.skip(reason='x')\nclass TestAuth", "test_skipped"},
			{"class TestAuth", "class _TestAuth", "test_deleted"},
			{"    def test_login", "    @pytest.mark.xfail(strict=False)\n    def test_login", "test_skipped"},
			{"    def test_login", "    def no_test_login", "test_deleted"},
			{"assert login('a') == 1", "assert login('a') or True", "assertion_weakened"},
			{"assert login('a') == 1", "assert login('a') is not None", "assertion_weakened"},
			{"assert login('a') == 1", "login('a')", "assertion_removed"},
			{"with pytest.raises(ValueError):\n            logout(None)", "try:\n            logout(None)\n        except Exception:\n            pass", "assertion_removed assertion_weakened"},
			{"", "import sys\nsys.exit(0)\n", "test_skipped"},
			{"", "pytestmark = pytest.mark.skip\n", "test_skipped"},
			{"login('a') == 1", "login('b') == 2", ""},
		}},
		"src/auth.test.ts": {"import { login } from './auth'\n\ndescribe('auth', () => {\n  it('logs in', () => {\n    expect(login('a')).toBe(1)\n  })\n\n  it('logs out', async () => {\n    await expect(logout()).rejects.toThrow('x')\n  })\n})\n", []how{
			{"describe('auth'", "describe.skip('auth'", "test_skipped"},
			{"it('logs in'", "it.only('logs in'", "test_focused"},
			{"it('logs in'", "xit('logs in'", "test_skipped"},
			{"it('logs in', () => {\n    expect(login('a')).toBe(1)\n  })", "it.todo('logs in')", "test_emptied test_skipped"},
			{"expect(login('a')).toBe(1)", "expect(true).toBe(true)", "assertion_weakened"},
			{"expect(login('a')).toBe(1)", "expect(login('a')).toBeDefined()", "assertion_weakened"},
			{"expect(login('a')).toBe(1)", "login('a')", "assertion_removed"},
			{"    expect(login('a')).toBe(1)\n", "", "test_emptied"},
			{"  it('logs in', () => {\n    expect(login('a')).toBe(1)\n  })\n", "", "test_deleted"},
			{"", "// @ts-nocheck\n", "check_silenced"},
			{"it('logs in'", "it('logs one in'", ""},
			{"toBe(1)", "toBe(2)", ""},
		}},
		"src/test/java/AuthTest.java": {"class AuthTest {\n  @Test\n  void logsIn() {\n    assertEquals(1, login(\"a\"));\n  }\n\n  @Test\n  void logsOut() {\n    assertThrows(E.class, () -> logout());\n  }\n}\n", []how{
			{"class AuthTest", "@Disabled\nclass AuthTest", "test_skipped"},
			{"  @Test\n  void logsIn", "  @Disabled(\"x\")\n  @Test\n  void logsIn", "test_skipped"},
			{"  @Test\n  void logsIn", "  void logsIn", "test_deleted"},
			{"assertEquals(1, login(\"a\"))", "assertTrue(true)", "assertion_weakened"},
			{"assertEquals(1, login(\"a\"))", "login(\"a\")", "assertion_removed"},
			{"assertEquals(1, login(\"a\"))", "assertNotNull(login(\"a\"))", "assertion_weakened"},
			{"logsIn", "signsIn", ""},
		}},
		"src/lib.rs": {"fn login() -> i32 { 1 }\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn logs_in() {\n        assert_eq!(login(), 1);\n    }\n}\n", []how{
			{"    #[test]\n", "    #[test]\n    #[ignore]\n", "test_skipped"},
			{"    #[test]\n", "", "test_deleted"},
			{"assert_eq!(login(), 1)", "assert!(true)", "assertion_weakened"},
			{"assert_eq!(login(), 1)", "let _ = login()", "assertion_removed"},
			{"    #[test]\n", "    #[test]\n    #[should_panic]\n", "assertion_weakened"},
			{"logs_in", "signs_in", ""},
		}},
		"spec/auth_spec.rb": {"RSpec.describe Auth do\n  it 'logs in' do\n    expect(login('a')).to eq(1)\n  end\n\n  it 'logs out' do\n    expect { logout }.to raise_error(E)\n  end\nend\n", []how{
			{"RSpec.describe Auth", "RSpec.xdescribe Auth", "test_skipped"},
			{"it 'logs in' do", "xit 'logs in' do", "test_skipped"},
			{"it 'logs in' do", "fit 'logs in' do", "test_focused"},
			{"    expect(login('a'))", "    skip 'x'\n    expect(login('a'))", "test_skipped"},
			{"expect(login('a')).to eq(1)", "expect(true).to be(true)", "assertion_weakened"},
			{"expect(login('a')).to eq(1)", "login('a')", "assertion_removed"},
			{"  it 'logs in' do\n    expect(login('a')).to eq(1)\n  end\n", "", "test_deleted"},
			{"logs in", "signs in", ""},
		}},
	} {
		for _, h := range c.hows {
			now := h.new + c.text
			if h.old != "" {
				if !strings.Contains(c.text, h.old) {
					t.Fatalf("%s: %q is not there", path, h.old)
				}
				now = strings.Replace(c.text, h.old, h.new, 1)
			}
			found := All([]Change{{Path: path, Kind: Modified, Old: c.text, New: now}})
			if got := smells(found); got != h.want {
				t.Errorf("%s: %q -> %q\ngot %q, want %q\n%+v", path, h.old, h.new, got, h.want, found)
			}
		}
	}
}
