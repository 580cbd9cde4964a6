using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;
using Sallyport.Shared;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Shell;

public sealed class ShellScannerTests
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("ls -l /tmp", "ls -l /tmp")]
    [InlineData("  ls\t-l  # rm x", "ls -l")]
    [InlineData("'l's \"-l\" \\/tmp a#b", "ls -l /tmp a#b")]
    [InlineData("l\\\ns -\\\nl", "ls -l")]
    [InlineData("echo 'a;b|c&d' \"x > y\"", "echo a;b|c&d x > y")]
    [InlineData("echo \"a\\$b\\\\c\\d\\\"\"", "echo a$b\\c\\d\"")]
    [InlineData("echo 'foo$' \"foo$\" a$ $", "echo foo$ foo$ a$ $")]
    [InlineData("a; b & c && d || e\nf", "a; b; c; d; e; f")]
    [InlineData("a | b |& c", "a; b; c")]
    [InlineData("! a", "a")]
    [InlineData("(a; b) && { c; }", "a; b; c")]
    [InlineData("if a; then b; elif c; then d; else e; fi", "a; b; c; d; e")]
    [InlineData("while a; do b; done; until c; do d; done", "a; b; c; d")]
    [InlineData("for i in a b; do c; done", "c")]
    [InlineData("for i do c\ndone", "c")]
    [InlineData("case x in a|b) c;; (d) e; f;; *) esac", "c; e; f")]
    [InlineData("f() { a; }; f x", "a; f x")]
    [InlineData("f () ( a ) >out; f", "a; >out; f")]
    [InlineData("A=1 B=2 a", "$A; $B; a")]
    [InlineData("A=1", "$A")]
    [InlineData("a A=1", "a A=1")]
    [InlineData("'A'=1 x", "A=1 x")]
    [InlineData("ls /var/log/*.log ~/x", "ls /var/log/*.log ~/x")]
    [InlineData("[ -f x ]", "[ -f x ]")]
    [InlineData("echo é", "echo é")]
    public void Commands_are_found(string text, string expected) => Assert.Equal(expected, ShellLines.Describe(text));

    [Theory]
    [InlineData("a > /x/./y//z 2>&1 < in", ">/x/y/z; <in; a")]
    [InlineData("a >./out >>log 3<>f >|g", ">out; >log; <f; >f; >g; a")]
    [InlineData("a >/dev/null 2>/dev/null <&- >&2", "a")]
    [InlineData("a &>out", ">out; a")]
    [InlineData("a &>out b", "! >out; a b")]
    [InlineData("a >& out", ">out; a")]
    [InlineData("a >&-", "a")]
    [InlineData("> out", ">out")]
    [InlineData("a > ../x", "! >../x; a")]
    [InlineData("a > /x/../y", "! >/x/../y; a")]
    [InlineData("a > *", "! >*; a")]
    [InlineData("a > /dev/tcp/h/1", "! >/dev/tcp/h/1; a")]
    [InlineData("a 12>x", "! >x; a")]
    [InlineData("a {fd}>x", "! a")]
    [InlineData("a <<< word", "a")]
    [InlineData("a <<E\nrm x\nE\nb", "a; b")]
    [InlineData("a <<-'E' <<F; b\n\tone $x\n\tE\ntwo\nF\nc", "a; b; c")]
    [InlineData("a <<E\n$(rm x)\nE", "! a")]
    [InlineData("a <<E\nno end", "! a")]
    [InlineData("a <<E\nE\\\n\nE\nb", "! a")]
    [InlineData("(a <<E)\nE\nb", "a; b")]
    [InlineData("{ a; } > out", "a; >out")]
    [InlineData("a <(b x) >(c)", "! b x; c; a")]
    public void Redirections_are_found(string text, string expected) => Assert.Equal(expected, ShellLines.Describe(text));

    [Theory]
    [InlineData("=rm x", "! =rm x")]
    [InlineData("cat =rm", "! cat =rm")]
    [InlineData("cat '=rm' \\=rm x=rm", "cat =rm =rm x=rm")]
    [InlineData("[ a = b ]", "[ a = b ]")]
    [InlineData("test a == b", "test a == b")]
    public void A_command_named_behind_an_equals_sign_is_its_path_to_zsh(string text, string expected) => Assert.Equal(expected, ShellLines.Describe(text));

    [Theory]
    [InlineData("rm >&--rf x")]
    [InlineData("rm >& -rf x")]
    [InlineData("rm <&-rf x")]
    [InlineData("rm 2>&-\\\nrf x")]
    [InlineData("rm >&-'-rf' x")]
    public void What_follows_a_descriptor_that_is_closed_is_a_word_to_bash_alone(string text) => Assert.StartsWith("!", ShellLines.Describe(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("sh -c 'a; b'", "sh -c a; b; a; b")]
    [InlineData("/bin/bash -euo pipefail -c 'a' x y", "/bin/bash -euo pipefail -c a x y; a")]
    [InlineData("bash -lc \"sh -c 'a b'\"", "bash -lc sh -c 'a b'; sh -c a b; a b")]
    [InlineData("bash x.sh 1", "bash x.sh 1")]
    [InlineData("bash", "! bash")]
    [InlineData("echo x | sh -s", "echo x; ! sh -s")]
    [InlineData("bash < f", "! <f; bash")]
    [InlineData("bash /dev/stdin", "! bash /dev/stdin")]
    [InlineData("eval a '; b'", "eval a ; b; a; b")]
    [InlineData("exec a b", "exec a b; a b")]
    [InlineData("command -p a", "command -p a; a")]
    [InlineData("command -v a", "command -v a")]
    [InlineData("env -i A=1 b c", "env -i A=1 b c; $A; b c")]
    [InlineData("env -S 'a b'", "! env -S a b")]
    [InlineData("nohup nice -n 5 ionice -c2 -n 7 a b", "nohup nice -n 5 ionice -c2 -n 7 a b; nice -n 5 ionice -c2 -n 7 a b; ionice -c2 -n 7 a b; a b")]
    [InlineData("time -p a", "time -p a; a")]
    [InlineData("timeout -k 5 10 a b", "timeout -k 5 10 a b; a b")]
    [InlineData("timeout --signal=KILL 10 a", "timeout --signal=KILL 10 a; a")]
    [InlineData("timeout 10", "! timeout 10")]
    [InlineData("stdbuf -oL a", "stdbuf -oL a; a")]
    [InlineData("setsid -w a", "setsid -w a; a")]
    [InlineData("sudo -n -u root -- rm -rf /", "sudo -n -u root -- rm -rf /; rm -rf /")]
    [InlineData("sudo -u root A=b rm x", "sudo -u root A=b rm x; $A; rm x")]
    [InlineData("sudo --user=root rm x", "sudo --user=root rm x; rm x")]
    [InlineData("sudo -i rm x", "sudo -i rm x; rm x")]
    [InlineData("sudo -i echo '$x'", "! sudo -i echo $x; echo $x")]
    [InlineData("sudo -s", "! sudo -s")]
    [InlineData("sudo -i", "! sudo -i")]
    [InlineData("sudo --unheard-of rm x", "! sudo --unheard-of rm x")]
    [InlineData("sudo -l", "sudo -l")]
    [InlineData("doas -u www a", "doas -u www a; a")]
    [InlineData("su - www -c 'a b'", "su - www -c a b; a b")]
    [InlineData("su www", "! su www")]
    [InlineData("xargs -0 -n 1 rm -f", "xargs -0 -n 1 rm -f; rm -f {}")]
    [InlineData("xargs -I {} mv {} /x", "xargs -I {} mv {} /x; mv {} /x")]
    [InlineData("xargs -I % mv % /x", "! xargs -I % mv % /x; mv % /x")]
    [InlineData("xargs sh -c 'rm {}'", "! xargs sh -c rm {}; sh -c rm {} {}; rm {}")]
    [InlineData("xargs", "xargs")]
    [InlineData("xargs sudo", "! xargs sudo; sudo {}; {}")]
    [InlineData("find /x -name '*.a' -exec rm -f {} \\; -o -print", "find /x -name *.a -exec rm -f {} ; -o -print; rm -f {}")]
    [InlineData("find . -execdir sh -c 'a' {} +", "find . -execdir sh -c a {} +; sh -c a {}; a")]
    [InlineData("find -exec {} \\;", "! find -exec {} ;; {}")]
    [InlineData("find /x /y -type f -delete", "find /x /y -type f -delete; -/x; -/y")]
    [InlineData("find -fprint /o", "find -fprint /o; >/o")]
    [InlineData("flock -n /l a b", "flock -n /l a b; a b")]
    [InlineData("flock /l -c 'a; b'", "flock /l -c a; b; a; b")]
    [InlineData("chroot /r a", "chroot /r a; a")]
    [InlineData("chroot /r", "! chroot /r")]
    [InlineData("watch -n 1 'a | b'", "watch -n 1 a | b; a; b")]
    [InlineData("script -qc 'a b' /log", "script -qc a b /log; a b; >/log")]
    [InlineData("script /log", "! script /log; >/log")]
    [InlineData("busybox rm x", "busybox rm x; rm x")]
    [InlineData("busybox sh -c 'a'", "busybox sh -c a; sh -c a; a")]
    [InlineData("trap 'rm x' EXIT; a", "trap rm x EXIT; rm x; a")]
    [InlineData("trap - EXIT", "trap - EXIT")]
    [InlineData("export A=1 B", "export A=1 B; $A; $B")]
    [InlineData("ssh host rm x", "ssh host rm x")]
    [InlineData("python3 -c 'import os'", "python3 -c import os")]
    public void Wrappers_are_seen_through(string text, string expected) => Assert.Equal(expected.Replace("echo x; ! ", "! echo x; ", StringComparison.Ordinal), ShellLines.Describe(text));

    [Theory]
    [InlineData("$x a", "! $x a")]
    [InlineData("a $x", "! a $x")]
    [InlineData("a \"${x}\"", "! a ${x}")]
    [InlineData("a $(b c; d) e", "! b c; d; a $(b c; d) e")]
    [InlineData("a `b \\`c\\``", "! c; b `c`; a `b \\`c\\``")]
    [InlineData("a \"$(b \"$(c)\")\"", "! c; b $(c); a $(b \"$(c)\")")]
    [InlineData("a $((1 + (x)))", "! a $((1 + (x)))")]
    [InlineData("a ${x:-$(b)}; c", "! a ")]
    [InlineData("a ${ b; }", "! a ")]
    [InlineData("/bin/r* x", "! /bin/r* x")]
    [InlineData("~/x", "! ~/x")]
    [InlineData("{a,b} c", "! {a,b} c")]
    [InlineData("rm /{etc,tmp}", "! rm /{etc,tmp}")]
    [InlineData("rm /x/{1..3}", "! rm /x/{1..3}")]
    [InlineData("cat /x/*/../y", "! cat /x/*/../y")]
    [InlineData("cat /x/.?/y", "! cat /x/.?/y")]
    [InlineData("'' a", "!  a")]
    [InlineData("a $'b\\x41\\n'", "! a bA\n")]
    [InlineData("$'\\x72m' x", "! rm x")]
    [InlineData(". ./x", "! . ./x")]
    [InlineData("source x", "! source x")]
    [InlineData("alias ls=rm", "! alias ls=rm")]
    [InlineData("[[ -f x ]]", "! [[ -f x ]]")]
    [InlineData("((x))", "!")]
    [InlineData("repeat 3 rm x", "! repeat 3 rm x")]
    [InlineData("function f { rm x; }", "! function f { rm x")]
    [InlineData("time { rm x; }", "! time { rm x; { rm x")]
    [InlineData("tcsh -c 'a'", "! tcsh -c a")]
    [InlineData("a+=b c", "! a+=b c")]
    [InlineData("unset 'a[$(rm x)]'", "! unset a[$(rm x)]; $a[$(rm x)]")]
    [InlineData("a 'b", "! a ")]
    [InlineData("a \"b", "! a b")]
    [InlineData("a \\", "! a ")]
    [InlineData("a )", "! a")]
    [InlineData("a ;; b", "! a")]
    [InlineData("a &\\\n& b", "! a")]
    [InlineData("a | ", "! a")]
    [InlineData("if a; then b", "! a; b")]
    [InlineData("if a; then fi", "! a")]
    [InlineData("a\rb", "!")]
    [InlineData("a\u0001", "!")]
    [InlineData("a\0b", "!")]
    [InlineData("", "!")]
    [InlineData("=ls x", "! =ls x")]
    public void What_cannot_be_known_is_unparsed(string text, string expected) => Assert.Equal(expected.TrimEnd(), ShellLines.Describe(text));

    [Theory]
    [InlineData("scp -t /srv/x", "scp >/srv/x")]
    [InlineData("scp -r -p -d -t -- /srv//./x", "scp >/srv/x")]
    [InlineData("scp -f file", "scp <~/file")]
    [InlineData("scp -f ~/a", "scp <~/a")]
    [InlineData("scp -f .", "scp <~")]
    [InlineData("scp -f /x/*.log", "scp </x/*.log")]
    [InlineData("scp -f '~/a'", "scp -f ~/a")]
    [InlineData("scp -f ~bob/a", "scp -f ~bob/a")]
    [InlineData("scp -f /x/*/a", "scp -f /x/*/a")]
    [InlineData("scp -f /x/../a", "scp -f /x/../a")]
    [InlineData("scp -f -t /x", "scp -f -t /x")]
    [InlineData("scp -S prog -f /x", "scp -S prog -f /x")]
    [InlineData("scp -f /x; id", "scp -f /x; id")]
    [InlineData("scp -f /x > /y", ">/y; scp -f /x")]
    [InlineData("scp a host:b", "scp a host:b")]
    [InlineData("/usr/lib/openssh/sftp-server", "subsystem sftp")]
    [InlineData("/usr/lib/openssh/sftp-server -d /", "/usr/lib/openssh/sftp-server -d /")]
    [InlineData("rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv/a b", "rsync </srv/a/**; <~/b/**")]
    [InlineData("rsync --server --sender -logDtpe.iLsfxCIvu . /srv/a", "rsync </srv/a")]
    [InlineData("rsync --server --sender -de.iLsfxCIvu . /srv/a", "rsync </srv/a/**")]
    [InlineData("rsync --server --sender -loge.iLsfxCIvu . /etc/sha*", "rsync </etc/**")]
    [InlineData("rsync --server --sender -loge.iLsfxCIvu . /e*/shadow", "rsync <//**")]
    [InlineData("rsync --server --sender -loge.iLsfxCIvu . *.log ~/x/[ab]", "rsync <~/**; <~/x/**")]
    [InlineData("rsync --server -re.iLsfxCIvu . /srv/a*", "rsync --server -re.iLsfxCIvu . /srv/a*")]
    [InlineData("rsync --server -logDtpre.iLsfxCIvu --safe-links . /srv/a/", "rsync >/srv/a/**; @/srv/a/**")]
    [InlineData("rsync --server -vlogDtpre.iLsfxCIvu --delete-before . /srv/a/", "rsync >/srv/a/**; -/srv/a/**; @//**")]
    [InlineData("rsync --server -e.LsfxCIvu --log-format=%i . d", "rsync >~/d/**")]
    [InlineData("rsync --server -e 'sh -c id' . /x", "rsync --server -e sh -c id . /x")]
    [InlineData("rsync --server --daemon .", "rsync --server --daemon .")]
    [InlineData("rsync --server --log-file=/x . /y", "rsync --server --log-file=/x . /y")]
    [InlineData("rsync --server --config=/x . /y", "rsync --server --config=/x . /y")]
    [InlineData("rsync --server -s . /y", "rsync --server -s . /y")]
    [InlineData("rsync --server -e.x --partial-dir=/z . /y", "rsync --server -e.x --partial-dir=/z . /y")]
    [InlineData("git-upload-pack '/srv/a.git'", "git </srv/a.git")]
    [InlineData("git-receive-pack 'team/a.git'", "git >~/team/a.git")]
    [InlineData("git upload-pack '~/a'", "git <~/a")]
    [InlineData("git-upload-archive 'a'", "git <~/a")]
    [InlineData("git-upload-pack --x", "git-upload-pack --x")]
    [InlineData("git-upload-pack '../a'", "git-upload-pack ../a")]
    [InlineData("git -c core.pager=id upload-pack a", "git -c core.pager=id upload-pack a")]
    public void Transfers_are_recognised(string text, string expected) => Assert.Equal(expected, ShellLines.Describe(text));

    [Fact]
    public void A_command_s_name_has_its_arguments_behind_zero_bytes()
    {
        var scanner = new ShellScanner();
        byte[] text = "rm -f 'a b'; id"u8.ToArray();
        scanner.Scan(text);
        ActionView view = scanner.View(text);
        Assert.Equal("rm"u8, view.Objects[0].Qualifier(view.Names));
        Assert.Equal("-f\0a b"u8, view.Objects[0].Name(view.Names));
        Assert.Equal(0, view.Objects[1].QualifierLength);
        Assert.Equal("id"u8, view.Objects[1].Name(view.Names));
    }

    [Fact]
    public void What_is_too_much_is_truncated_or_unparsed()
    {
        Assert.StartsWith("! ~", ShellLines.Describe(string.Join(';', Enumerable.Repeat("a", 257))));
        Assert.DoesNotContain("!", ShellLines.Describe(string.Join(';', Enumerable.Repeat("a", 256))));
        Assert.StartsWith("! ~", ShellLines.Describe("a " + new string('b', 65 << 10) + "; c"));
        Assert.StartsWith("!", ShellLines.Describe(string.Concat(Enumerable.Repeat("( ", 40)) + "a" + string.Concat(Enumerable.Repeat(")", 40))));
        Assert.StartsWith("!", ShellLines.Describe(string.Concat(Enumerable.Repeat("$(", 100_000))));
        Assert.StartsWith("!", ShellLines.Describe(string.Concat(Enumerable.Repeat("nice ", 300)) + "a"));
    }

    [Fact]
    public void Scanning_again_gives_the_same_and_allocates_nothing()
    {
        string[] lines = ["sudo -n sh -c 'a; b | c > /x'", "scp -t /x", "find . -exec rm {} +", "for i in a; do b; done <<E\nx\nE\n", "a $(b `c`)", "rsync --server --sender -vre.iLsfxCIvu . /a"];
        byte[][] texts = [.. lines.Select(Encoding.UTF8.GetBytes)];
        var scanner = new ShellScanner();
        string[] first = [.. lines.Select(line => ShellLines.Describe(line, scanner))];
        Assert.Equal(first, lines.Select(line => ShellLines.Describe(line, scanner)));
        Assert.Equal(0, Allocation.Least(1, () =>
        {
            foreach (byte[] text in texts)
                scanner.Scan(text);
        }));
    }
}
