using System.Diagnostics;
using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Shell;

/// <summary>The scanner against real shells, and against bytes that mean it no good.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ShellPropertyTests : IDisposable
{
    private static readonly string[] ShellList = [.. ((string[])["dash", "bash", "zsh", "ksh"]).Where(RealShells.Has)];

    private static readonly string[] SoupWords =
    [
        "c1", "c2", "c3", "a", "'b c'", "\"d e\"", "\\", "'", "\"", ";", "&", "|", "&&", "||", "\n", "(", ")", "{", "}", "!", "if", "then", "else", "fi", "while", "do", "done", "for", "in",
        "case", "esac", ";;", ")", "<", ">", ">>", "<<", "<<<", "<<-", "E", "\nE\n", ">&", "&>", "2>&1", "2", "#", "$", "$(", "`", "${", "=", "x=1", "c1()", "{ c2", "; }", "sh -c", "eval",
        "exec", "env", "nice", "xargs", "command", "\\\n", "]", "\t", " ", " ", " ", "$'", "$\"", "x+=1", "time", "trap", "{c1,c2}", "-c", "--", "set --", "false", "true", "function", "[[", "]]", "((", "))",
    ];

    /// <summary>What shells put names in the place of, so that what runs has other words.</summary>
    private static readonly string[] PatternList = ["~", "*", "?", "[", "[a]", "~x", "..", "/"];

    private readonly RealShells _shells = new();

    public void Dispose() => _shells.Dispose();

    [Fact]
    public void What_shells_run_was_found()
    {
        Sample(Gen.Int, 20, seed =>
        {
            var line = new ShellLineGenerator(new Random(seed));
            Check(line.Next(), mustParse: true, line.RunsAll);
        });
    }

    [Fact]
    public void What_shells_run_of_a_soup_of_words_was_found_or_the_soup_is_unparsed()
    {
        Sample(Gen.Select(Gen.Int[0, SoupWords.Length - 1].Array[1, 9], Gen.Bool.Array[9]), 150, soup =>
        {
            (int[] words, bool[] apart) = soup;
            var text = new StringBuilder("c1 a ; c2");
            for (int i = 0; i < words.Length; i++)
                text.Append(apart[i] ? " " : "").Append(SoupWords[words[i]]);
            string line = text.ToString();
            var scanner = new ShellScanner();
            scanner.Scan(Encoding.UTF8.GetBytes(line));
            // What is denied need not be run to see what it does.
            if ((scanner.Flags & ActionFlags.Unparsed) == 0)
                Check(line, mustParse: true, runsAll: false);
        });
    }

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var scanner = new ShellScanner();
        Gen.Byte.Array[0, 200].Sample(bytes => Scan(scanner, bytes), iter: 5_000, threads: 1);
        string[] soup = [.. SoupWords, .. PatternList];
        Gen.Int[0, soup.Length - 1].Array[0, 60].Sample(
            words => Scan(scanner, Encoding.UTF8.GetBytes(string.Join(words.Length % 2 == 0 ? " " : "", words.Select(w => soup[w])))), iter: 20_000, threads: 1);
    }

    [Theory]
    [InlineData("a;")]
    [InlineData("a ")]
    [InlineData("'")]
    [InlineData("\"")]
    [InlineData("`")]
    [InlineData("$(")]
    [InlineData("${x}")]
    [InlineData("((")]
    [InlineData("a\\\n")]
    [InlineData("<<E ")]
    [InlineData("*/.")]
    [InlineData("{,")]
    [InlineData("$((1)) ")]
    [InlineData("sh -c '")]
    [InlineData("\\\\\\`")]
    [InlineData("nice ")]
    [InlineData("<<E\nx\nE\n")]
    [InlineData("find . -exec a \\; ")]
    public void Time_grows_no_faster_than_the_text(string unit)
    {
        var scanner = new ShellScanner();
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, (1 << 20) / unit.Length)));
        scanner.Scan(text);
        long start = Stopwatch.GetTimestamp();
        scanner.Scan(text);
        // Milliseconds where it is linear, minutes where it is not.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 2);
    }

    /// <summary>
    /// The same lines each time. There are always more that real shells know how to surprise with: <c>SALLYPORT_EXPLORE=20000 ./eng/test ShellPropertyTests</c> looks for
    /// them among as many new ones.
    /// </summary>
    private static void Sample<T>(Gen<T> gen, int count, Action<T> check)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("SALLYPORT_EXPLORE"), out int more))
        {
            gen.Sample(check, iter: more, threads: 1);
            return;
        }

        var random = PCG.Parse("0N0XIzNsQ0O2");
        for (int i = 0; i < count; i++)
            check(gen.Generate(random, null, out _));
    }

    private void Check(string line, bool mustParse, bool runsAll)
    {
        var scanner = new ShellScanner();
        scanner.Scan(Encoding.UTF8.GetBytes(line));
        if ((scanner.Flags & ActionFlags.Unparsed) != 0)
        {
            Assert.False(mustParse, $"Not understood: {line}");
            return;
        }

        List<string> found = ShellLines.Effects(scanner);
        foreach (string shell in ShellList)
        {
            List<string> ran = _shells.Run(shell, line);
            foreach (string command in ran)
                Assert.True(found.Exists(f => f == command || (f.EndsWith(" {}", StringComparison.Ordinal) && command == f[..^3])), $"{shell} ran \"{command}\": {line}\nFound was: {string.Join("; ", found)}");
            if (!runsAll)
                continue;
            foreach (string command in found.Where(f => RealShells.Names.Any(n => f == n || f.StartsWith(n + " ", StringComparison.Ordinal))))
                Assert.True(ran.Contains(command) || command.EndsWith(" {}", StringComparison.Ordinal), $"{shell} did not run \"{command}\": {line}");
        }
    }

    private static void Scan(ShellScanner scanner, byte[] bytes)
    {
        scanner.Scan(bytes);
        foreach (ObjectRef o in scanner.Objects)
            Assert.True(o.Start >= 0 && o.Start + o.Length <= scanner.Names.Length && o.QualifierLength <= Math.Max(0, o.Length - 1));
    }
}
