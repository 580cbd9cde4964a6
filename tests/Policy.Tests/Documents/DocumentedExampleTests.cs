using System.Text.RegularExpressions;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Documents;

public class DocumentedExampleTests
{
    private static readonly string Page = File.ReadAllText(FindUp("docs/policy.md"));

    [Theory]
    [InlineData("agent", "select public.customers", "allow by agents-read-only/read")]
    [InlineData("agent", "select", "allow by agents-read-only/read")]
    [InlineData("agent", "begin", "allow by agents-read-only/transactions")]
    [InlineData("agent", "set statement_timeout", "allow by agents-read-only/settings")]
    [InlineData("agent", "set search_path", "deny by default")]
    [InlineData("agent", "copy-to public.customers", "deny by default")]
    [InlineData("agent", "insert public.orders", "deny by default")]
    [InlineData("agent", "drop public.orders", "deny by guard-rails/no-ddl")]
    [InlineData("agent", "select secrets", "deny by guard-rails/no-secrets")]
    [InlineData("support", "delete public.orders", "hold by support/delete-orders")]
    [InlineData("support", "delete! public.orders", "deny by guard-rails/no-mass-change")]
    [InlineData("support", "update public.orders", "allow by support/orders")]
    [InlineData("dba", "unknown", "allow by administrators/everything")]
    [InlineData("dba", "grant public.orders", "deny by guard-rails/no-ddl")]
    public void The_examples_do_what_the_page_says(string who, string action, string expected)
    {
        PolicyStore store = Load(new TestTime(), [.. Examples()]);
        SessionFacts facts = who == "agent" ? Facts(kind: IdentityKind.Agent) : Facts(groups: [who], source: who == "dba" ? "10.9.1.1" : "10.1.1.1");
        Assert.Equal(expected, Ask(store, TestAction.Parse(action), facts));
    }

    [Fact]
    public void The_examples_load_without_a_warning()
    {
        PolicyStore store = new(TimeProvider.System, MaskKey);
        Assert.True(store.TryLoad(Examples().Select((e, i) => Source($"{i}", e)), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
        Assert.Equal(4, store.DocumentCount);
    }

    [Fact]
    public void Every_word_of_verbs_is_on_the_page()
    {
        foreach (string word in VerbNames.Words.Keys)
            Assert.Contains($"`{word}`", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_examples_load_or_are_refused_and_never_throw()
    {
        const string Tokens = "{}[],:-?&*!|>%@`#'\"\\ \t\n~.0aé";
        Random random = new(20240502);
        string[] examples = [.. Examples()];
        for (int round = 0; round < 1000; round++)
        {
            char[] text = examples[round % examples.Length].ToCharArray();
            for (int i = random.Next(1, 5); i > 0; i--)
                text[random.Next(text.Length)] = Tokens[random.Next(Tokens.Length)];
            PolicyStore store = new(TimeProvider.System, MaskKey);
            bool loaded = store.TryLoad([Source("p.yaml", new string(text))], out IReadOnlyList<Diagnostic> diagnostics);
            Assert.Equal(loaded, diagnostics.All(d => d.IsWarning));
            store.Open(Facts()).Judge(TestAction.Parse("select t").View());
        }
    }

    private static IEnumerable<string> Examples() =>
        Regex.Matches(Page, "```yaml\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value);

    private static string FindUp(string relative)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, relative)))
                return Path.Combine(at.FullName, relative);
        }

        throw new FileNotFoundException(relative);
    }
}
