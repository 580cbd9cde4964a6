using System.Net;

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

    /// <summary>A request of what h2load asks for, with the same fields.</summary>
    HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Url + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (string header in Headers.Where(header => header[0] != ':'))
            request.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        return request;
    }

    /// <summary>Between runs: what grew is thrown away.</summary>
    void Tidy();
}
