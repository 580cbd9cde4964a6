using System.Text.RegularExpressions;
using Xunit;

namespace Sallyport.Architecture.Tests;

/// <summary>What a source must and must not say.</summary>
public sealed partial class SourceTests
{
    // Put together at run time, so that this file does not hold what it looks for.
    private static readonly string[] UnfinishedWords = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"];
    private static readonly string[] MachineFolders = ["ho" + "me", "ro" + "ot", "wo" + "rk", "Us" + "ers", "mn" + "t"];

    [Fact]
    public void Namespaces_are_folders()
    {
        List<string> wrong = [];
        foreach (string file in Tree.Sources)
        {
            Match match = Namespace().Match(Tree.Read(file));
            if (match.Success && match.Groups[1].Value != Expected(file))
                wrong.Add($"{file}: {match.Groups[1].Value}, not {Expected(file)}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_source_with_types_has_a_namespace()
    {
        Assert.Empty(Sources(text => Type().IsMatch(text) && !Namespace().IsMatch(text)));
    }

    [Fact]
    public void No_catch_is_empty()
    {
        Assert.Empty(Sources(text => EmptyCatch().IsMatch(Comment().Replace(text, ""))));
    }

    [Fact]
    public void No_source_has_regions()
    {
        Assert.Empty(Sources(text => Region().IsMatch(text)));
    }

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        Assert.Empty(Lines(UnfinishedMark()));
    }

    [Fact]
    public void Nothing_names_a_folder_of_somebody_s_machine()
    {
        Assert.Empty(Lines(MachinePath()));
    }

    [Theory]
    [InlineData("src/Protocols/Postgres/PgFrames.cs", "Sallyport.Protocols.Postgres")]
    [InlineData("src/Protocols/Postgres/Sql/SqlScanner.cs", "Sallyport.Protocols.Postgres.Sql")]
    [InlineData("tests/Wire.Tests/Peers/Peer.cs", "Sallyport.Wire.Tests.Peers")]
    [InlineData("bench/Compare/Peers/PgBouncer.cs", "Sallyport.Compare.Peers")]
    [InlineData("fuzz/Fuzz/Program.cs", "Sallyport.Fuzz")]
    public void The_namespace_of_a_file_follows_from_its_folder(string file, string expected) => Assert.Equal(expected, Expected(file));

    [Theory]
    // "@" stands for the keyword, so that this file has no empty one itself.
    [InlineData("try { A(); } @ { }", true)]
    [InlineData("try { A(); } @ (IOException) { }", true)]
    [InlineData("try { A(); } @ (IOException e) when (B(e)) { }", true)]
    [InlineData("try { A(); } @ (IOException) { // gone\n }", true)]
    [InlineData("try { A(); } @ (IOException) { b = 1; }", false)]
    public void An_empty_catch_is_recognised(string code, bool empty) => Assert.Equal(empty, EmptyCatch().IsMatch(Comment().Replace(code.Replace("@", "catch", StringComparison.Ordinal), "")));

    /// <summary>The folder below src, tests, bench or fuzz, with dots.</summary>
    private static string Expected(string file) => "Sallyport." + string.Join('.', Tree.Folder(file).Split('/')[1..]);

    private static List<string> Sources(Func<string, bool> bad) => [.. Tree.Sources.Where(f => bad(Tree.Read(f)))];

    private static IEnumerable<string> Lines(Regex regex) =>
        from file in Tree.Files.Where(IsText)
        from line in Tree.Lines(file).Select((text, index) => (text, index))
        where regex.IsMatch(line.text)
        select $"{file}:{line.index + 1}: {line.text.Trim()}";

    private static bool IsText(string file) =>
        !file.StartsWith("fuzz/corpus/", StringComparison.Ordinal)
        && (file.StartsWith("eng/", StringComparison.Ordinal) || file.StartsWith(".ci/", StringComparison.Ordinal)
            || Path.GetExtension(file) is ".cs" or ".csproj" or ".props" or ".md" or ".yaml" or ".yml" or ".json" or ".sln" or ".sql" or ".service" or ".sh");

    private static Regex UnfinishedMark() => new($@"\b({string.Join('|', UnfinishedWords)})\b");

    private static Regex MachinePath() => new($@"(?<![\w.*$}}/])/({string.Join('|', MachineFolders)})/\w|[A-Z]:\\{MachineFolders[3]}\\");

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(public|internal|file)\s+[\w\s]*\b(class|struct|record|enum|interface|delegate)\b", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bcatch\b\s*(\([^)]*\))?\s*(when\s*\((?>[^()]+|\((?<depth>)|\)(?<-depth>))*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^\s*#region", RegexOptions.Multiline)]
    private static partial Regex Region();
}
