using System.Text;

namespace Sallyport.Protocols.Ssh.Tests.Shell;

/// <summary>Makes lines that every shell understands, of commands that <see cref="RealShells"/> has.</summary>
internal sealed class ShellLineGenerator(Random random)
{
    private static readonly string[] WordList = ["a", "-b", "'c d'", "\"e f\"", "g\\ h", "x=1", "'&'", "\"|;\"", "i'j'k", "\"l\\\"m\"", "'#'", "n#o", "''", "p\\\nq", "é"];
    private static readonly string[] WrapperList = ["env ", "nice -n 1 ", "nohup ", "timeout 9 ", "exec ", "command ", "env A=1 ", "setsid -w ", "stdbuf -o0 ", "nice env -u B "];

    /// <summary>True while every command that was made is run.</summary>
    public bool RunsAll { get; private set; } = true;

    public string Next() => List(2);

    private string List(int depth)
    {
        var text = new StringBuilder(AndOr(depth));
        for (int i = random.Next(3); i > 0; i--)
        {
            string separator = Pick([" ; ", ";", "\n", " &\n", "&", " # it's\n"]);
            // In the background it may still be to run when its shell has ended.
            RunsAll &= !separator.Contains('&', StringComparison.Ordinal);
            text.Append(separator).Append(AndOr(depth));
        }

        return text.ToString();
    }

    private string AndOr(int depth)
    {
        string text = Pipeline(depth);
        if (random.Next(4) > 0)
            return text;
        string second = Pipeline(depth);
        if (random.Next(2) == 0)
            return text + " && " + Unsure(second);
        return text + " ||\n" + Unsure(second);
    }

    private string Pipeline(int depth) => random.Next(4) > 0 ? Command(depth) : Pick(["", "! "]) + Command(depth) + Pick(["|", " | ", " |\n"]) + Command(depth);

    private string Command(int depth)
    {
        switch (depth == 0 ? 0 : random.Next(14))
        {
            case 0 or 1 or 2 or 3:
                return Simple();
            case 4:
                return $"( {List(depth - 1)}\n)";
            case 5:
                return $"{{ {List(depth - 1)}\n}}" + Redirection();
            case 6:
                return Unsure($"if {List(depth - 1)}\nthen {List(depth - 1)}\nelse {List(depth - 1)}\nfi");
            case 7:
                return $"for i in 1 2\ndo {List(depth - 1)}\ndone";
            case 8:
                return Unsure($"case {Word()} in\nx|y) {List(depth - 1)}\n;;\n*) {List(depth - 1)}\nesac");
            case 9:
                return $"f{random.Next(3)}() {{ {Unsure(List(depth - 1))}\n}}";
            case 10:
                return $"sh -c {Quoted(List(depth - 1))}";
            case 11:
                return $"eval {Quoted(List(depth - 1))}";
            case 12:
                // exec ends the shell: what follows it is not run.
                return Unsure(Pick(WrapperList) + Simple(assign: false));
            default:
                return "c1 a <<E\n c2 'b\nE\n" + Simple();
        }
    }

    private string Simple(bool assign = true)
    {
        var text = new StringBuilder();
        if (assign && random.Next(6) == 0)
            text.Append("V=1 ");
        if (assign && random.Next(6) == 0)
            text.Append(Redirection()).Append(' ');
        text.Append(Pick(["c1", "c2", "c3", "'c4'", "\"c1\"", "c\\2"]));
        for (int i = random.Next(4); i > 0; i--)
            text.Append(Pick([" ", "\t", " \\\n "])).Append(Word());
        return text.Append(Redirection()).ToString();
    }

    private string Redirection() => random.Next(3) > 0 ? "" : Pick([" >out", " 2>/dev/null", " >>out", " 2>&1", " </dev/null", " 3>o"]);

    private string Word() => Pick(WordList);

    private string Unsure(string text)
    {
        RunsAll = false;
        return text;
    }

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private string Pick(string[] of) => of[random.Next(of.Length)];
}
