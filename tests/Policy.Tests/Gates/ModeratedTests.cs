using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Gates;

public class ModeratedTests
{
    [Theory]
    [InlineData("a b", null, "a b")]
    [InlineData("a b", "b c", "b")]
    [InlineData("a", "c", "a c")]
    [InlineData(null, null, "")]
    public void Whoever_all_documents_name_must_watch(string? one, string? other, string expected)
    {
        string[] documents = [.. new[] { one, other }.Select((g, i) => $"policy: p{i}\nlimits: {{{(g is null ? "idle: 1m" : $"moderated-by: [{g.Replace(' ', ',')}]")}}}")];
        Assert.Equal(expected, string.Join(' ', Load(documents).Open(Facts()).Limits.ModeratedBy));
        Assert.Equal(expected, string.Join(' ', Load([.. documents.Reverse()]).Open(Facts()).Limits.ModeratedBy));
    }
}
