using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Peers;

/// <summary>One way from an SSH client to the target.</summary>
internal interface ISshPeer : IAsyncDisposable
{
    /// <summary>Its name in tables and JSON.</summary>
    string Name { get; }

    /// <summary>What the user is called there, and what opens it.</summary>
    string User(SshCipherCase cipher);

    string Key { get; }

    /// <summary>The host key it shows, as a file of known hosts under the name bench.</summary>
    string KnownHosts { get; }

    /// <summary>Where it listens for clients of that cipher.</summary>
    int Port(SshCipherCase cipher);

    /// <summary>The process between client and target, with all that it starts; null: there is none.</summary>
    int? ProcessId(SshCipherCase cipher);

    /// <summary>What it keeps of what has been measured is not needed any more.</summary>
    void Tidy();
}
