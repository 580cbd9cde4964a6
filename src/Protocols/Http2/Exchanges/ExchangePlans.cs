using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>Which exchanges need more than being passed on.</summary>
internal static class ExchangePlans
{
    /// <param name="head">As the client sent it.</param>
    /// <param name="exchange">Its number in the recording.</param>
    /// <returns>Null: none.</returns>
    public static IExchangePlan? Of(HttpScope scope, HttpRequest request, HttpHead head, uint exchange) => null;
}
