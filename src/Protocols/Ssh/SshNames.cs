namespace Sallyport.Protocols.Ssh;

/// <summary>Bounds of names on the wire, and names as a log shows them.</summary>
internal static class SshNames
{
    /// <summary>Of a type or request: RFC 4251 6 has 64.</summary>
    public const int Longest = 64;

    public const int LongestHost = 1024;

    public const int LongestPath = 4096;

    /// <summary>A peer's name with everything but plain characters replaced.</summary>
    public static string Shown(string name) =>
        string.Concat(name.Take(200).Select(c => char.IsAsciiLetterOrDigit(c) || "-_.@:/[]".Contains(c, StringComparison.Ordinal) ? c : '?'));
}
