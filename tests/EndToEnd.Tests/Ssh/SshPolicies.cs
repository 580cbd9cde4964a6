namespace Sallyport.EndToEnd.Tests.Ssh;

/// <summary>Policies that several tests use.</summary>
internal static class SshPolicies
{
    public const string AllowAll = """
        policy: all
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        """;
}
