namespace Sallyport.Proxy.Admin;

/// <summary>Bounds of the admin API that nobody needs to change; those an operator may change are in the configuration.</summary>
internal static class AdminLimits
{
    /// <summary>A request body, bytes: every form fits many times over.</summary>
    public const long BodyBytes = 64 << 10;

    /// <summary>A policy document, bytes: what the YAML reader takes, and JSON around it.</summary>
    public const long PolicyBodyBytes = 1 << 20;

    /// <summary>Headers of a request in all, bytes: a token has at most 16 KiB.</summary>
    public const int HeaderBytes = 32 << 10;

    public const int HeaderCount = 64;

    /// <summary>Depth of JSON: no form has more than four.</summary>
    public const int JsonDepth = 16;

    /// <summary>Items of a page when the caller does not say.</summary>
    public const int Page = 100;

    /// <summary>Most items of a page.</summary>
    public const int LargestPage = 500;

    /// <summary>A reason, UTF-16 units.</summary>
    public const int Reason = 500;

    /// <summary>Clients that send slower than this, bytes a second, are cut off …</summary>
    public const double LeastSendRate = 240;

    /// <summary>… or read slower than this: what waits for a slow reader is 64 KiB at most, so it is gone in half a minute.</summary>
    public const double LeastReadRate = 4096;

    /// <summary>How long it may be slower.</summary>
    public static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    /// <summary>From a connection to the last header of its request.</summary>
    public static readonly TimeSpan Headers = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);

    /// <summary>From a connection to the end of its TLS handshake.</summary>
    public static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    /// <summary>A stream looks this often whether its listener may still listen.</summary>
    public static readonly TimeSpan Recheck = TimeSpan.FromSeconds(15);
}
