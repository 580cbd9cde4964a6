namespace Sallyport.Proxy.Identity.Revocations;

/// <summary>Makes one bounded line of what somebody gave as a reason: it goes into logs and recordings.</summary>
internal static class OneLine
{
    private const int Longest = 500;

    public static string Of(string? text)
    {
        string line = (text ?? "").Trim();
        if (line.Length > Longest)
            line = line[..Longest];
        return string.Concat(line.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? ' ' : c));
    }
}
