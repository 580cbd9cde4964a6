namespace Sallyport.Compare.Peers;

/// <summary>One way from an HTTP client to the upstream.</summary>
internal interface IHttpPeer : IAsyncDisposable
{
    /// <summary>Its name in tables and JSON.</summary>
    string Name { get; }

    /// <summary>Where clients connect to, without a path.</summary>
    string Url { get; }

    /// <summary>Fields that every request has.</summary>
    IReadOnlyList<string> Headers { get; }

    /// <summary>The proxy's process; null when there is none.</summary>
    int? ProcessId { get; }

    /// <summary>Between runs: what grew is thrown away.</summary>
    void Tidy();
}
