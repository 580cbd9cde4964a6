using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>How clients of one protocol over HTTP are told no, where a problem (RFC 9457) would be lost on them.</summary>
internal interface IRefusalForm
{
    /// <summary>Writes the head of an answer.</summary>
    /// <param name="head">Empty; it stays so when there is no body.</param>
    /// <returns>Its body; null: this refusal is told as any other.</returns>
    byte[]? Write(HttpRefusal refusal, HttpHead head);
}
