using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Sallyport.Policy.Matching;

/// <summary>A destination as patterns look at it: worked out once for all of them.</summary>
internal ref struct DestinationName
{
    private AddressBytes _address;
    private readonly int _length;

    /// <param name="hasHost">The name has a qualifier, its host.</param>
    /// <param name="host">The host.</param>
    /// <param name="name">The port; without a host, a Unix socket's path, or the colon and the port of every address.</param>
    public DestinationName(bool hasHost, ReadOnlySpan<byte> host, ReadOnlySpan<byte> name)
    {
        bool everywhere = !hasHost && name is [(byte)':', ..];
        IsSocket = !hasHost && !everywhere;
        Host = IsSocket ? name : host;
        Port = everywhere ? name[1..] : name;
        IsAddress = hasHost && HostAddress.TryParse(host, _address, out _length);
    }

    /// <summary>A Unix socket.</summary>
    public bool IsSocket { get; }

    /// <summary>The host is an address.</summary>
    public bool IsAddress { get; }

    /// <summary>As the client gave it; empty for every address; of a socket its path.</summary>
    public ReadOnlySpan<byte> Host { get; }

    public ReadOnlySpan<byte> Port { get; }

    /// <summary>The address' 4 or 16 bytes.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Address => ((ReadOnlySpan<byte>)_address)[.._length];

    [InlineArray(HostAddress.MaxLength)]
    private struct AddressBytes
    {
        private byte _first;
    }
}
