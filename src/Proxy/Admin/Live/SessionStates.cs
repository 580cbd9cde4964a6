namespace Sallyport.Proxy.Admin.Live;

/// <summary>What a session's row says of it.</summary>
internal static class SessionStates
{
    public const string Live = "live";

    public const string Frozen = "frozen";

    /// <summary>It has been told to end.</summary>
    public const string Ending = "ending";
}
