using System.Net;
using Sallyport.Proxy.Listeners;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>Whose failures are counted together: an IPv4 address, or an IPv6 /64.</summary>
internal static class SourceKey
{
    public static ulong Of(IPAddress source) => UnauthenticatedSlots.KeyOf(source);
}
