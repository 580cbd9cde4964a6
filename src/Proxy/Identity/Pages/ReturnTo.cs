namespace Sallyport.Proxy.Identity.Pages;

/// <summary>Where a browser is sent after a login: to an address of the broker, never elsewhere.</summary>
internal static class ReturnTo
{
    /// <summary>Longest taken, characters: an authorization request fits.</summary>
    public const int Longest = 4096;

    /// <summary>What is offered as such, or the start page when it is not ours.</summary>
    public static string Of(string? offered) => IsOwn(offered) ? offered! : "/";

    /// <summary>
    /// True for an absolute path, with a query or not. Browsers read <c>//host</c>, <c>/\host</c> and a path with tabs or line breaks in
    /// it as another host's address (WHATWG URL 4.4), so those are not.
    /// </summary>
    public static bool IsOwn(string? offered)
    {
        if (offered is not { Length: > 0 and <= Longest } || offered[0] != '/' || offered.AsSpan(1).StartsWith('/'))
            return false;
        foreach (char c in offered)
        {
            if (c is <= ' ' or '\\' or >= '\x7f')
                return false;
        }

        return true;
    }
}
