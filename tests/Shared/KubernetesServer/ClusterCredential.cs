namespace Sallyport.Shared.KubernetesServer;

/// <summary>What somebody shows to the API: a bearer token, or a client certificate with its key (PEM).</summary>
public sealed record ClusterCredential(string? Token, string? Certificate, string? Key)
{
    /// <summary>A bearer token.</summary>
    public static ClusterCredential OfToken(string token) => new(token, null, null);

    /// <summary>A client certificate.</summary>
    public static ClusterCredential OfCertificate(string certificate, string key) => new(null, certificate, key);

    /// <summary>Nothing secret.</summary>
    public override string ToString() => Token is not null ? "token" : "certificate";
}
