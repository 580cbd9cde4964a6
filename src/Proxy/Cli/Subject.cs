using System.CommandLine;
using System.CommandLine.Parsing;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Cli;

/// <summary>Options that say who, shared by the commands that need them.</summary>
internal static class Subject
{
    public static Option<string[]> GroupsOption() => new("--groups", "-g")
    {
        Description = "The subject's groups, separated by commas",
        HelpName = "GROUPS",
    };

    public static Option<IdentityKind> KindOption() => new("--kind", "-k")
    {
        Description = "human (the default), agent or service",
        HelpName = "KIND",
        CustomParser = Kind,
    };

    public static string[] Groups(string[]? given) =>
        [.. (given ?? []).SelectMany(groups => groups.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static IdentityKind Kind(ArgumentResult result)
    {
        // Enum.Parse would take numbers too.
        if (result.Tokens.Count == 1 && KebabNames.Of<IdentityKind>().TryGetValue(result.Tokens[0].Value, out IdentityKind kind))
            return kind;
        result.AddError("--kind must be human, agent or service.");
        return default;
    }
}
