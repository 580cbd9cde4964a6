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
    public void No_catch_swallows_everything_or_without_a_reason()
    {
        Assert.Empty(Sources(HasSwallowingCatch));
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
    // "@" stands for the keyword, so that this file has none of these itself.
    [InlineData("@ { }", true)]
    [InlineData("@ (IOException) { }", true)]
    [InlineData("@ (IOException e) when (B(e)) { }", true)]
    [InlineData("@ { /* whatever it was */ }", true)]
    [InlineData("@ (Exception) { // whatever it was\n }", true)]
    [InlineData("@ (Exception e) { // whatever it was\n }", true)]
    [InlineData("@ (IOException) { // the peer is gone, which is what was asked for\n }", false)]
    [InlineData("@ (Exception e) when (e is A or B) { // the peer is gone\n }", false)]
    [InlineData("@ (IOException) { b = 1; }", false)]
    [InlineData("@ { Undo(); throw; }", false)]
    public void A_catch_that_swallows_is_recognised(string code, bool swallows) =>
        Assert.Equal(swallows, HasSwallowingCatch("try { A(); } " + code.Replace("@", "catch", StringComparison.Ordinal)));

    /// <summary>
    /// A catch without a statement is right only where it names what it expects (a type, or Exception with a condition) and says why nothing
    /// is to be done about it.
    /// </summary>
    private static bool HasSwallowingCatch(string code) => EmptyCatch().Matches(code).Any(empty =>
        !empty.Groups["why"].Value.Contains('/')
        || !empty.Groups["what"].Success
        || (GeneralType().IsMatch(empty.Groups["what"].Value) && !empty.Groups["when"].Success));

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

    [GeneratedRegex(@"\bcatch\b\s*(?<what>\([^)]*\))?\s*(?<when>when\s*\((?>[^()]+|\((?<depth>)|\)(?<-depth>))*\))?\s*\{(?<why>(\s|//[^\n]*|/\*.*?\*/)*)\}", RegexOptions.Singleline)]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^\(\s*(System\.)?Exception\b")]
    private static partial Regex GeneralType();

    [GeneratedRegex(@"^\s*#region", RegexOptions.Multiline)]
    private static partial Regex Region();
}
